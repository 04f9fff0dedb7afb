package networks

import (
	"cmp"
	"errors"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rest/neutron"
)

func (a *API) pools(r *api.Request) (any, error) {
	list, err := a.Neutron.Pools(r.Context(), r.Caller)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("floating_ip_pools", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { o.Str("name", cmp.Or(list[n].Name, list[n].ID)) })
		})
	}), nil
}

func (a *API) ipIndex(r *api.Request) (any, error) {
	list, err := a.Neutron.FloatingIPs(r.Context(), r.Caller)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("floating_ips", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { floatingIP(o, list[n]) })
		})
	}), nil
}

func (a *API) ipShow(r *api.Request) (any, error) {
	ip, err := a.Neutron.FloatingIP(r.Context(), r.Caller, r.Var("id"))
	if errors.Is(err, objects.ErrFloatingIPNotFound) || errors.Is(err, objects.ErrNetworkNotFound) {
		return nil, api.NotFound("Floating IP not found for ID %s", r.Var("id"))
	}
	if err != nil {
		return nil, err
	}
	return singleIP(ip), nil
}

// newIP is the request body that allocates a floating IP; it may be empty.
type newIP struct {
	Pool string `json:"pool"`
}

func (a *API) ipCreate(r *api.Request) (any, error) {
	asked, err := api.Body[newIP](r)
	if err != nil {
		return nil, err
	}
	pool := asked.Pool
	ip, err := a.Neutron.CreateFloatingIP(r.Context(), r.Caller, cmp.Or(pool, a.DefaultPool))
	switch {
	case errors.Is(err, objects.ErrNoMoreFloatingIPs) && pool != "":
		return nil, api.NotFound("No more floating IPs in pool %s.", pool)
	case errors.Is(err, objects.ErrNoMoreFloatingIPs):
		return nil, api.NotFound("No more floating IPs available.")
	case errors.Is(err, objects.ErrFloatingIPLimitExceeded) && pool != "":
		return nil, api.Forbidden("IP allocation over quota in pool %s.", pool)
	case errors.Is(err, objects.ErrFloatingIPLimitExceeded):
		return nil, api.Forbidden("IP allocation over quota.")
	case err != nil:
		return nil, err
	}
	return singleIP(ip), nil
}

func singleIP(ip *neutron.FloatingIP) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.Obj("floating_ip", func(o *api.Object) { floatingIP(o, ip) })
	})
}

func floatingIP(o *api.Object, ip *neutron.FloatingIP) {
	o.Opt("fixed_ip", ip.FixedIP)
	o.Str("id", ip.ID)
	if ip.Port != nil {
		o.Opt("instance_id", ip.Port.DeviceID)
	} else {
		o.Null("instance_id")
	}
	o.Str("ip", ip.Address)
	o.Str("pool", cmp.Or(ip.Network.Name, ip.Network.ID))
}

func (a *API) ipDelete(r *api.Request) (any, error) {
	err := a.Release(r.Context(), r.Caller, r.Var("id"))
	if errors.Is(err, objects.ErrForbidden) {
		err = api.Bare(403)
	}
	return nil, err
}
