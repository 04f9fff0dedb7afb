package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
	"github.com/nova-go/nova/internal/policy"
)

// unshelving is the request body that unshelves a server. Before 2.77 it is not checked.
type unshelving struct {
	Zone body.Opt[*string] `json:"availability_zone"` // since 2.77; may be null since 2.91
	Host string            `json:"host"`              // since 2.91
}

func (a *API) unshelve(r *api.Request, i *objects.Instance) (any, error) {
	opts := lifecycle.UnshelveOptions{ToHost: func() error { return r.Can(policy.ShelveUnshelveToHost, api.OwnerOf(i)) }}
	if r.Since(mv.V77UnshelveZone) {
		asked, err := api.Body[unshelving](r, "unshelve")
		if err != nil {
			return nil, err
		}
		opts.Zone, opts.Host = asked.Zone.Pointer(), asked.Host
	}
	return nil, a.Ops.Unshelve(r.Context(), r.Caller, i, opts)
}
