package attachments

import (
	"errors"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/rest/neutron"
)

// floatingAddress is the request body that associates a floating IP with a server or
// disassociates it.
type floatingAddress struct {
	Address      string  `json:"address"`
	FixedAddress *string `json:"fixed_address"` // the fixed IP of the association
}

func (a *API) addFloatingIP(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[floatingAddress](r, "addFloatingIp")
	if err != nil {
		return nil, err
	}
	return webobsEmpty(), a.Ops.AddFloatingIP(r.Context(), r.Caller, i, asked.Address, asked.FixedAddress)
}

// floatingIP is a floating IP with its server; server is nil if there is none.
type floatingIP struct {
	address string // as in the request
	ip      *neutron.FloatingIP
	holder  *objects.Instance
}

// floatingIP finds the floating IP in the body.
func (a *API) floatingIP(r *api.Request) (*floatingIP, policy.Target, error) {
	asked, err := api.Body[floatingAddress](r, "removeFloatingIp")
	if err != nil {
		return nil, policy.Target{}, err
	}
	ip, err := a.Ops.Floating.FloatingIPAt(r.Context(), r.Caller, asked.Address)
	if err != nil {
		return nil, policy.Target{}, err
	}
	i, err := a.Ops.Holder(r.Context(), r.Caller, ip)
	if err != nil || i == nil {
		return &floatingIP{asked.Address, ip, nil}, policy.Target{}, err
	}
	return &floatingIP{asked.Address, ip, i}, policy.Target{ProjectID: i.ProjectID}, nil
}

func (a *API) removeFloatingIP(r *api.Request, f *floatingIP) (any, error) {
	if f.holder == nil || f.holder.UUID != r.Var("id") {
		return nil, api.Conflict("Floating IP %s is not associated with instance %s.", f.address, r.Var("id"))
	}
	err := a.Ops.RemoveFloatingIP(r.Context(), r.Caller, f.holder, f.ip)
	if errors.Is(err, objects.ErrForbidden) {
		return nil, api.Bare(403)
	}
	return webobsEmpty(), err
}
