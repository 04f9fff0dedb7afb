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

func (a *API) suspend(r *api.Request) (any, error) {
	return a.act(r, cell.Usual|cell.PartFlavor, a.Ops.Suspend)
}

func (a *API) resume(r *api.Request) (any, error) { return a.act(r, cell.Usual, a.Ops.Resume) }

func (a *API) lock(r *api.Request) (any, error) {
	reason := ""
	if r.Since(mv.V73LockedReason) {
		reason, _ = r.Field("lock")["locked_reason"].(string)
	}
	return a.act(r, cell.Usual, func(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
		return a.Ops.Lock(ctx, caller, i, reason)
	})
}

// unlock needs a further right for a lock that somebody else has put on.
func (a *API) unlock(r *api.Request) (any, error) {
	return a.act(r, cell.Usual, func(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
		if instance.LockedByOther(caller, i) {
			if err := r.Can(policy.LockServerUnlockUnlockOverride, subject.Target(i)); err != nil {
				return err
			}
		}
		return a.Ops.Unlock(ctx, caller, i)
	})
}

func (a *API) resetState(r *api.Request) (any, error) {
	state, _ := r.Field("os-resetState")["state"].(string)
	return a.act(r, cell.Usual, func(ctx context.Context, caller *reqctx.Context, i *objects.Instance) error {
		return a.Ops.ResetState(ctx, caller, i, state)
	})
}
