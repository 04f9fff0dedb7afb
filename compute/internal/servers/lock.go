package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
	"github.com/nova-go/nova/internal/policy"
)

// locking is the request body that locks a server. Before 2.73 it is not checked.
type locking struct {
	Reason string `json:"locked_reason"` // since 2.73
}

func (a *API) lock(r *api.Request, i *objects.Instance) (any, error) {
	var asked locking
	if r.Since(mv.V73LockedReason) {
		var err error
		if asked, err = api.Body[locking](r, "lock"); err != nil {
			return nil, err
		}
	}
	return nil, a.Ops.Lock(r.Context(), r.Caller, i, asked.Reason)
}

// unlock checks a further rule if another user has locked the server.
func (a *API) unlock(r *api.Request, i *objects.Instance) (any, error) {
	if lifecycle.LockedByOther(r.Caller, i) {
		if err := r.Can(policy.LockServerUnlockUnlockOverride, api.OwnerOf(i)); err != nil {
			return nil, err
		}
	}
	return nil, a.Ops.Unlock(r.Context(), r.Caller, i)
}

// newState is the request body that resets the state of a server.
type newState struct {
	State string `json:"state"`
}

func (a *API) resetState(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[newState](r, "os-resetState")
	if err != nil {
		return nil, err
	}
	return nil, a.Ops.ResetState(r.Context(), r.Caller, i, asked.State)
}
