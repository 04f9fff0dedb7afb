package lifecycle

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Who holds a lock.
const (
	byOwner = "owner"
	byAdmin = "admin"
)

// holder is what the caller's locks on a server are.
func holder(caller *reqctx.Caller, i *objects.Instance) string {
	if i.ProjectID == caller.ProjectID {
		return byOwner
	}
	return byAdmin
}

// Lock keeps everyone but administrators from changing a server. reason may be "".
// To an owner whose server is locked already, it does nothing.
func (o *Ops) Lock(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, reason string) error {
	by := holder(caller, i)
	if i.Locked && by == byOwner {
		return nil
	}
	return o.Servers.Step(ctx, caller, i, "lock", "api_lock", func() error {
		err := o.Servers.Save(ctx, i, nil, func(i *objects.Instance) {
			i.Locked, i.LockedBy = true, &by
			if reason != "" {
				i.SystemMetadata["locked_reason"] = reason
			}
		})
		if err != nil {
			return err
		}
		return o.Servers.AnnounceVersioned(ctx, caller, "lock", i)
	})
}

// LockedByOther tells whether the lock on a server is not the caller's to take away.
func LockedByOther(caller *reqctx.Caller, i *objects.Instance) bool {
	return objects.OrZero(i.LockedBy) != "" && *i.LockedBy != holder(caller, i)
}

// Unlock ends Lock; without a lock, it is recorded all the same.
func (o *Ops) Unlock(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return o.Servers.Step(ctx, caller, i, "unlock", "api_unlock", func() error {
		err := o.Servers.Save(ctx, i, nil, func(i *objects.Instance) {
			i.Locked, i.LockedBy = false, nil
			delete(i.SystemMetadata, "locked_reason")
		})
		if err != nil {
			return err
		}
		return o.Servers.AnnounceVersioned(ctx, caller, "unlock", i)
	})
}

// ResetState gives a server the vm state "active" or "error", and no task, whatever
// it is doing.
func (o *Ops) ResetState(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, state string) error {
	a, err := o.Servers.Recorded(ctx, caller, i, "resetState")
	if err != nil {
		return err
	}
	if err := o.Servers.Save(ctx, i, nil, func(i *objects.Instance) { i.VMState, i.TaskState = &state, nil }); err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		return cell.FinishAction(ctx, c, a.ID, o.Servers.Now().UTC())
	})
}
