// Package servers serves servers, their actions and all resources below servers.
package servers

import (
	"context"
	"net/http"
	"time"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

// Reader finds servers; *server.Reader implements it.
type Reader interface {
	Get(ctx context.Context, caller *reqctx.Caller, uuid string, want server.GetOptions) (*objects.Instance, error)
	// Owner returns the project of a server from its instance mapping.
	Owner(ctx context.Context, uuid string) (project string, err error)
	List(ctx context.Context, caller *reqctx.Caller, q server.ListQuery) ([]*objects.Instance, error)
	Actions(ctx context.Context, i *objects.Instance, q cell.ActionQuery) ([]*objects.Action, error)
	Events(ctx context.Context, i *objects.Instance, action int64) ([]*objects.ActionEvent, error)
	VIFTags(ctx context.Context, i *objects.Instance) (map[string]*string, error)
	Attachments(ctx context.Context, i *objects.Instance) ([]*objects.BlockDevice, error)
	Topology(ctx context.Context, i *objects.Instance) (*objects.NUMATopology, error)
	Zones(ctx context.Context) (func(host string) string, error)
}

// Flavors finds flavors, for the filter by flavor.
type Flavors interface {
	Get(ctx context.Context, id, project string, all bool) (*objects.Flavor, error)
}

// Images finds images.
type Images interface {
	Image(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Image, error)
}

// Network reads and changes data of servers in Neutron.
type Network interface {
	// GroupNames returns the names of the security groups of each server's ports.
	GroupNames(ctx context.Context, caller *reqctx.Caller, servers []*objects.Instance) (map[string][]string, error)
	// Ports returns the ports of a server.
	Ports(ctx context.Context, caller *reqctx.Caller, server string) ([]objects.Port, error)
	// Port returns one port.
	Port(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Port, error)
	// ServersByAddress returns the devices whose ports have an address that contains part.
	// supported is false if Neutron does not support this search.
	ServersByAddress(ctx context.Context, caller *reqctx.Caller, part string) (devices []string, supported bool, err error)
	// SecurityGroups returns the security groups of a server's ports, and the source groups of
	// their rules by id, as far as the caller may see them.
	SecurityGroups(ctx context.Context, caller *reqctx.Caller, server string) (groups []objects.SecurityGroup,
		sources map[string]objects.SecurityGroup, err error)
	// AddGroupTo and RemoveGroupFrom change the security groups of a server's ports.
	AddGroupTo(ctx context.Context, caller *reqctx.Caller, server, group string) error
	RemoveGroupFrom(ctx context.Context, caller *reqctx.Caller, server, group string) error
}

// API holds the dependencies of the handlers.
type API struct {
	Servers      Reader
	Ops          *lifecycle.Ops
	Create       func(*api.Request) (any, error) // of servers/creation
	Flavors      Flavors
	Images       Images
	Network      Network
	NameTemplate string // [DEFAULT] instance_name_template
	Up           func(*objects.Service) bool
	// ImageURL returns the URL of an image in Glance.
	ImageURL   func(ctx context.Context, caller *reqctx.Caller, id string) (string, error)
	SoftDelete bool // [DEFAULT] reclaim_instance_interval is not 0
	// Passwords configures administrator passwords.
	Passwords Passwords
	Now       func() time.Time

	large admission
}

// detailLoad returns the data of a server that the detailed view reads from the cell.
func (v *view) detailLoad() cell.Load {
	r := v.r
	return cell.Load{Extra: true, Network: true, Metadata: true, Faults: true, Volumes: true, Services: v.hostStatus || v.unknownOnly,
		Tags: r.Since(mv.V26Tags), UserData: v.extended && r.Since(mv.V3ServerAdminFields),
		LockedReason: r.Since(mv.V73LockedReason), SystemMetadata: r.Since(mv.V98ImageProperties)}
}

func (a *API) show(r *api.Request, s *shownServer) (any, error) {
	v, err := a.viewOf(r, s)
	if err != nil {
		return nil, err
	}
	return v.document(s.server)
}

// shownServer is a server that was loaded for a view.
type shownServer struct {
	server *objects.Instance
	view   *view
	want   server.GetOptions
}

// shown loads the server in the path for a view.
func (a *API) shown(r *api.Request) (*shownServer, policy.Target, error) { return a.load(r, false) }

// changed loads the server in the path for the answer to a change. Before 2.75 this answer has
// no extension fields.
func (a *API) changed(r *api.Request) (*shownServer, policy.Target, error) {
	return a.load(r, !r.Since(mv.V75Strict))
}

func (a *API) load(r *api.Request, short bool) (*shownServer, policy.Target, error) {
	// The rules of fields are checked against the server's owner. In most cases this is the
	// caller, whose permissions determine which data is read.
	v := a.newView(r, r.Own())
	v.single, v.short = true, short
	want := server.GetOptions{Load: v.detailLoad(), MappingFields: dbapi.MappingFields{Spec: r.Since(mv.V96PinnedZone),
		Group: r.Since(mv.V71ServerGroups)}}
	want.Shared = r.Method == http.MethodGet
	want.Down = want.Shared && r.Since(mv.V69DownCells)
	i, err := a.Servers.Get(r.Context(), r.Caller, r.Var("id"), want)
	if err != nil {
		return nil, policy.Target{}, err
	}
	return &shownServer{i, v, want}, api.OwnerOf(i), nil
}

// viewOf returns the view of a server that the caller may see. The rules of its fields are
// checked again if the server belongs to another project than the caller.
func (a *API) viewOf(r *api.Request, s *shownServer) (*view, error) {
	if s.server.ProjectID == r.Caller.ProjectID {
		return s.view, nil
	}
	s.view.authorize(api.OwnerOf(s.server))
	load := s.view.detailLoad()
	if load == s.want.Load {
		return s.view, nil
	}
	s.want.Load = load
	var err error
	s.server, err = a.Servers.Get(r.Context(), r.Caller, s.server.UUID, s.want)
	return s.view, err
}

// document writes one server; more writes the last members.
func (v *view) document(i *objects.Instance, more ...func(*api.Object)) (any, error) {
	if !v.short {
		if err := v.load([]*objects.Instance{i}); err != nil {
			return nil, err
		}
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("server", func(o *api.Object) {
			v.detail(o, i)
			for _, write := range more {
				write(o)
			}
		})
	}), nil
}
