package servers

import (
	"slices"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) ipsIndex(_ *api.Request, i *objects.Instance) (any, error) {
	return api.Doc(func(o *api.Object) {
		o.Obj("addresses", func(o *api.Object) { addresses(o, i.Network, false) })
	}), nil
}

func (a *API) ipsShow(r *api.Request, i *objects.Instance) (any, error) {
	label := r.Var("id")
	if !slices.Contains(networkLabels(i.Network), label) {
		return nil, api.NotFound("Instance is not a member of specified network")
	}
	list := addressesIn(i.Network, label)
	return api.Doc(func(o *api.Object) {
		o.List(label, len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { list[n].write(o, false) })
		})
	}), nil
}
