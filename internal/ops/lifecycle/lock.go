package lifecycle

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// The values of instances.locked_by.
const (
	lockedByOwner = "owner"
	lockedByAdmin = "admin"
)

// lockHolder returns the value of locked_by for a lock of the caller's.
func lockHolder(caller *reqctx.Caller, i *objects.Instance) string {
	if i.ProjectID == caller.ProjectID {
		return lockedByOwner
	}
	return lockedByAdmin
}

// Lock locks a server: only administrators can change it then. reason may be "". If the server is locked already and the
// caller is its owner, Lock does nothing.
func (o *Ops) Lock(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, reason string) error {
	by := lockHolder(caller, i)
	if i.Locked && by == lockedByOwner {
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

// LockedByOther reports whether the lock on a server belongs to an administrator and the caller is the owner, or the other
// way round.
func LockedByOther(caller *reqctx.Caller, i *objects.Instance) bool {
	return objects.OrZero(i.LockedBy) != "" && *i.LockedBy != lockHolder(caller, i)
}

// Unlock removes the lock of a server. It also records the action if there is no lock.
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

// ResetState sets the VM state of a server to "active" or "error" and removes its task state, whatever they are.
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
