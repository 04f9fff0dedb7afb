package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
	"github.com/nova-go/nova/internal/policy"
)

func (a *API) lock(r *api.Request, i *objects.Instance) (any, error) {
	reason := ""
	if r.Since(mv.V73LockedReason) {
		reason, _ = r.Field("lock")["locked_reason"].(string)
	}
	return nil, a.Ops.Lock(r.Ctx(), r.Context, i, reason)
}

// unlock needs a further right for a lock that somebody else has put on.
func (a *API) unlock(r *api.Request, i *objects.Instance) (any, error) {
	if lifecycle.LockedByOther(r.Context, i) {
		if err := r.Can(policy.LockServerUnlockUnlockOverride, api.OwnerOf(i)); err != nil {
			return nil, err
		}
	}
	return nil, a.Ops.Unlock(r.Ctx(), r.Context, i)
}

func (a *API) resetState(r *api.Request, i *objects.Instance) (any, error) {
	state, _ := r.Field("os-resetState")["state"].(string)
	return nil, a.Ops.ResetState(r.Ctx(), r.Context, i, state)
}
