package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
	"github.com/nova-go/nova/internal/policy"
)

func (a *API) unshelve(r *api.Request, i *objects.Instance) (any, error) {
	body := r.Field("unshelve")
	opts := lifecycle.UnshelveOptions{ToHost: func() error { return r.Can(policy.ShelveUnshelveToHost, api.OwnerOf(i)) }}
	if zone, given := body["availability_zone"]; given && r.Since(mv.V77UnshelveZone) {
		var to *string
		if s, ok := zone.(string); ok {
			to = &s
		}
		opts.Zone = &to
	}
	if r.Since(mv.V91UnshelveHost) {
		opts.Host, _ = body["host"].(string)
	}
	return nil, a.Ops.Unshelve(r.Ctx(), r.Context, i, opts)
}
