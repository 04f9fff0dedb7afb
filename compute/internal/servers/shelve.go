package servers

import (
	"context"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/subject"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/instance"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/reqctx"
)

func (a *API) shelve(r *api.Request) (any, error) {
	return a.act(r, cell.Usual|cell.PartFlavor, a.Ops.Shelve)
}

func (a *API) shelveOffload(r *api.Request) (any, error) {
	return a.act(r, cell.Usual|cell.PartFlavor, a.Ops.ShelveOffload)
}

func (a *API) unshelve(r *api.Request) (any, error) {
	body := r.Field("unshelve")
	return a.act(r, cell.Usual, func(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
		opts := instance.UnshelveOptions{ToHost: func() error { return r.Can(policy.ShelveUnshelveToHost, subject.Target(i)) }}
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
		return a.Ops.Unshelve(ctx, caller, i, opts)
	})
}
