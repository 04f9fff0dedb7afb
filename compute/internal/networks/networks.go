// Package networks serves the proxies for networks, security groups and floating IPs.
package networks

import (
	"context"
	"errors"
	"net/url"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/neutron"
)

// Neutron is the network service; *neutron.Client implements it.
type Neutron interface {
	Networks(ctx context.Context, caller *reqctx.Caller, query url.Values) ([]neutron.Network, error)
	Network(ctx context.Context, caller *reqctx.Caller, id string) (*neutron.Network, error)
	Pools(ctx context.Context, caller *reqctx.Caller) ([]neutron.Network, error)
	FloatingIPs(ctx context.Context, caller *reqctx.Caller) ([]*neutron.FloatingIP, error)
	FloatingIP(ctx context.Context, caller *reqctx.Caller, id string) (*neutron.FloatingIP, error)
	CreateFloatingIP(ctx context.Context, caller *reqctx.Caller, pool string) (*neutron.FloatingIP, error)
	Groups(ctx context.Context, caller *reqctx.Caller, all bool) ([]objects.SecurityGroup, error)
	Sources(ctx context.Context, caller *reqctx.Caller, list []objects.SecurityGroup) (map[string]objects.SecurityGroup, error)
	Group(ctx context.Context, caller *reqctx.Caller, id string) (*objects.SecurityGroup, error)
	SaveGroup(ctx context.Context, caller *reqctx.Caller, id, name, description string) (*objects.SecurityGroup, error)
	DeleteGroup(ctx context.Context, caller *reqctx.Caller, id string) error
	Rule(ctx context.Context, caller *reqctx.Caller, id string) (*objects.SecurityGroupRule, error)
	CreateRule(ctx context.Context, caller *reqctx.Caller, r objects.SecurityGroupRule) (*objects.SecurityGroupRule, error)
	DeleteRule(ctx context.Context, caller *reqctx.Caller, id string) error
}

// API holds the dependencies of the handlers.
type API struct {
	Neutron     Neutron
	DefaultPool string // [neutron] default_floating_pool
	// Release deletes a floating IP, and removes it from the network cache of the associated
	// server.
	Release func(ctx context.Context, caller *reqctx.Caller, id string) error
}

// Fields of nova-network's networks, for which Neutron has no values.
var (
	emptyFields      = []string{"cidr", "netmask", "gateway", "broadcast", "dns1", "dns2", "cidr_v6", "gateway_v6", "netmask_v6"}
	emptyAdminFields = []string{"created_at", "updated_at", "deleted_at", "deleted", "injected", "bridge", "vlan", "vpn_public_address",
		"vpn_public_port",
		"vpn_private_address", "dhcp_start", "project_id", "host", "bridge_interface", "multi_host", "priority", "rxtx_base", "mtu",
		"dhcp_server",
		"enable_dhcp", "share_address"}
)

// network writes a network in the form of os-networks.
func network(r *api.Request, o *api.Object, n *neutron.Network) {
	o.Str("id", n.ID)
	o.Str("label", n.Name)
	for _, field := range emptyFields {
		o.Null(field)
	}
	if r.Caller.IsAdmin {
		for _, field := range emptyAdminFields {
			o.Null(field)
		}
	}
}

// tenantNetwork writes a network in the form of os-tenant-networks.
func tenantNetwork(_ *api.Request, o *api.Object, n *neutron.Network) {
	o.Str("id", n.ID)
	o.Str("cidr", "None") // Python's str of None
	o.Str("label", n.Name)
}

type writeView func(*api.Request, *api.Object, *neutron.Network)

func (a *API) index(r *api.Request) (any, error)       { return a.list(r, network) }
func (a *API) tenantIndex(r *api.Request) (any, error) { return a.list(r, tenantNetwork) }
func (a *API) show(r *api.Request) (any, error)        { return a.one(r, network) }
func (a *API) tenantShow(r *api.Request) (any, error)  { return a.one(r, tenantNetwork) }

func (a *API) list(r *api.Request, write writeView) (any, error) {
	list, err := a.Neutron.Networks(r.Context(), r.Caller, nil)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("networks", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { write(r, o, &list[n]) })
		})
	}), nil
}

func (a *API) one(r *api.Request, write writeView) (any, error) {
	n, err := a.Neutron.Network(r.Context(), r.Caller, r.Var("id"))
	if errors.Is(err, objects.ErrNetworkNotFound) {
		return nil, api.NotFound("Network not found")
	}
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("network", func(o *api.Object) { write(r, o, n) })
	}), nil
}
