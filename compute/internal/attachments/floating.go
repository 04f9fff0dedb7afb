package attachments

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/subject"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

func (a *API) addFloatingIP(r *api.Request) (any, error) {
	i, err := subject.Record(r, a.Servers, cell.Usual|cell.PartFlavor)
	if err != nil {
		return nil, err
	}
	body := r.Field("addFloatingIp")
	return webobsEmpty(), a.Ops.AddFloatingIP(r.Ctx(), r.Context, i, api.Text(body["address"]), member(body, "fixed_address"))
}

func (a *API) removeFloatingIP(r *api.Request) (any, error) {
	address := api.Text(r.Field("removeFloatingIp")["address"])
	ip, err := a.Ops.Floating.FloatingIPAt(r.Ctx(), r.Context, address)
	if err != nil {
		return nil, err
	}
	i, err := a.Ops.Holder(r.Ctx(), r.Context, ip)
	if err != nil {
		return nil, err
	}
	target := policy.Target{}
	if i != nil {
		target.ProjectID = i.ProjectID
	}
	if err := r.Authorize(target); err != nil {
		return nil, err
	}
	if i == nil || i.UUID != r.Var("id") {
		return nil, api.Conflict("Floating IP %s is not associated with instance %s.", address, r.Var("id"))
	}
	err = a.Ops.RemoveFloatingIP(r.Ctx(), r.Context, i, ip)
	if objects.IsClass(err, "Forbidden") {
		return nil, api.Bare(403)
	}
	return webobsEmpty(), err
}
