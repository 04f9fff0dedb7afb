// Package servers serves servers, their actions and everything below them.
package servers

import (
	"context"
	"time"

	"github.com/nova-go/nova/compute/api"
	"github.com/nova-go/nova/compute/mv"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/instance"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

// Reader finds servers; *instance.Reader is one.
type Reader interface {
	Get(ctx context.Context, caller *reqctx.Context, uuid string, load cell.Load, downOK bool) (*objects.Instance, error)
	List(ctx context.Context, caller *reqctx.Context, q instance.ListQuery) ([]*objects.Instance, error)
	Actions(ctx context.Context, i *objects.Instance, q cell.ActionQuery) ([]*objects.Action, error)
	Events(ctx context.Context, i *objects.Instance, action int64) ([]*objects.ActionEvent, error)
	VIFTags(ctx context.Context, i *objects.Instance) (map[string]*string, error)
	Attachments(ctx context.Context, i *objects.Instance) ([]*objects.BlockDevice, error)
	Topology(ctx context.Context, i *objects.Instance) (*objects.NUMATopology, error)
	Migration(ctx context.Context, i *objects.Instance, id int64) (*objects.Migration, error)
	LiveMigrations(ctx context.Context, i *objects.Instance) ([]*objects.Migration, error)
	Specs(ctx context.Context, uuids []string) (map[string]*dbapi.RequestSpec, error)
	GroupOf(ctx context.Context, uuid string) (string, error)
	Zones(ctx context.Context) (func(host string) string, error)
}

// Flavors finds flavors for the filter by flavor.
type Flavors interface {
	Get(ctx context.Context, id, project string, all bool) (*objects.Flavor, error)
}

// Network is what is asked of Neutron about servers.
type Network interface {
	// GroupNames answers the names of the security groups of each server's ports.
	GroupNames(ctx context.Context, caller *reqctx.Context, servers []string) (map[string][]string, error)
	// Ports answers the ports of a server.
	Ports(ctx context.Context, caller *reqctx.Context, server string) ([]objects.Port, error)
	// Port answers one port.
	Port(ctx context.Context, caller *reqctx.Context, id string) (*objects.Port, error)
	// ServersByAddress answers the devices whose ports have an address that contains
	// part. supported is false where Neutron cannot search so.
	ServersByAddress(ctx context.Context, caller *reqctx.Context, part string) (devices []string, supported bool, err error)
	// SecurityGroups answers the security groups of a server's ports in full, and
	// those by id that their rules refer to, as far as the caller may see them.
	SecurityGroups(ctx context.Context, caller *reqctx.Context, server string) (groups []objects.SecurityGroup, sources map[string]objects.SecurityGroup, err error)
}

// API holds what the handlers work with.
type API struct {
	Servers      Reader
	Flavors      Flavors
	Network      Network
	NameTemplate string        // [DEFAULT] instance_name_template
	DownTime     time.Duration // [DEFAULT] service_down_time
	Now          func() time.Time
}

// server loads the server that the path names and checks the row's rule on it.
func (a *API) server(r *api.Request, load cell.Load) (*objects.Instance, error) {
	id := r.Var("server_id")
	if id == "" {
		id = r.Var("id")
	}
	i, err := a.Servers.Get(r.Ctx(), r.Context, id, load, false)
	if err != nil {
		return nil, err
	}
	return i, r.Authorize(target(i))
}

// target is what rules about a server look at.
func target(i *objects.Instance) policy.Target { return policy.Target{ProjectID: i.ProjectID} }

// detailLoad is what the detailed view needs.
func detailLoad(r *api.Request, extended bool) cell.Load {
	return cell.Load{Extra: true, Network: true, Metadata: true, Faults: true, Volumes: true,
		Services: r.Since(mv.V16HostStatus), Tags: r.Since(mv.V26Tags), UserData: extended && r.Since(mv.V3ServerAdminFields),
		SystemMetadata: r.Since(mv.V73LockedReason)}
}

func (a *API) show(r *api.Request) (any, error) {
	load := detailLoad(r, true)
	i, err := a.Servers.Get(r.Ctx(), r.Context, r.Var("id"), load, r.Since(mv.V69DownCells))
	if err != nil {
		return nil, err
	}
	if err := r.Authorize(target(i)); err != nil {
		return nil, err
	}
	v := a.newView(r, target(i))
	if err := v.load(r, []*objects.Instance{i}); err != nil {
		return nil, err
	}
	if r.Since(mv.V71ServerGroups) {
		group, err := a.Servers.GroupOf(r.Ctx(), i.UUID)
		if err != nil {
			return nil, err
		}
		v.group = &group
	}
	v.single = true
	return api.Doc(func(o *api.Object) {
		o.Obj("server", func(o *api.Object) { v.detail(o, i) })
	}), nil
}
