package server

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc/computerpc"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// Core is what operations on servers stand on: it loads and saves servers, records
// actions, checks states, and announces what was done. Servers that it changes were
// loaded as a record (cell.Load.Record).
type Core struct {
	Reader    *Reader
	Services  Services
	Compute   *computerpc.Client
	Conductor *conductorrpc.Client
	Limits    Limits
	Notify    *notify.Notifier
	// Host is [DEFAULT] host: where steps of an action that the API does itself
	// are recorded.
	Host string
	// DownTime is [DEFAULT] service_down_time.
	DownTime time.Duration
	// CrossZoneAttach is [cinder] cross_az_attach.
	CrossZoneAttach bool
	// AuditPeriod is [DEFAULT] instance_usage_audit_period.
	AuditPeriod string
	Log         zerolog.Logger
	Now         func() time.Time
}

// Limits are the quotas that operations are held against. Errors:
// MetadataLimitExceeded, TooManyInstances, OverQuota.
type Limits interface {
	// MetadataItems checks the number of keys that the caller's server is to have.
	MetadataItems(ctx context.Context, caller *reqctx.Caller, n int) error
	// CheckImage checks the number of properties that the caller's image is to have.
	CheckImage(ctx context.Context, caller quota.Owner, properties int) error
	// OneMore checks that a server may be added to what its owner has.
	OneMore(ctx context.Context, caller *reqctx.Caller, t quota.Taker) error
	// Unshelve checks that a server of no host may have one again.
	Unshelve(ctx context.Context, caller *reqctx.Caller, spec *objects.RequestSpec, load func() (quota.Taker, error)) error
}

// Guard says when a verb is allowed. The zero value wants a server that was
// launched and that has no task under way.
type Guard struct {
	VM         []string // vm states; nil: any
	Task       []string // task states, "" for none; nil: only none
	AnyTask    bool
	Unlaunched bool // a server that never ran is good enough
	Host       bool // it must be on a host
}

// Locked is the error for a server that its user has locked.
func Locked(i *objects.Instance) error {
	return objects.ErrInstanceIsLocked.Errorf(objects.KindConflict, "Instance %s is locked", i.UUID)
}

// InvalidState is the error for a server whose attribute has a value in which the
// action cannot be done; "" is a value that is not set.
func InvalidState(i *objects.Instance, action, attribute, value string) error {
	if value == "" {
		return objects.ErrInstanceInvalidState.Errorf(objects.KindConflict, "Instance %s is in an invalid state for '%s'", i.UUID, action)
	}
	return objects.ErrInstanceInvalidState.Errorf(objects.KindConflict, "Cannot '%s' instance %s while it is in %s %s", action, i.UUID,
		attribute, value)
}

// Check holds a server against the guard: its lock first, then its host and states,
// in Nova's order. Errors: InstanceIsLocked, InstanceNotReady, InstanceInvalidState.
// action is the verb as clients know it.
func (g Guard) Check(caller *reqctx.Caller, i *objects.Instance, action string) error {
	if i.Locked && !caller.IsAdmin {
		return Locked(i)
	}
	if g.Host && objects.OrZero(i.Host) == "" {
		return objects.ErrInstanceNotReady.Errorf(objects.KindConflict, "Instance %s is not ready", i.UUID)
	}
	return g.States(i, action)
}

// States is Check for verbs that care for neither locks nor hosts.
func (g Guard) States(i *objects.Instance, action string) error {
	if vm := objects.OrZero(i.VMState); g.VM != nil && !slices.Contains(g.VM, vm) {
		return InvalidState(i, action, "vm_state", vm)
	}
	if task := objects.OrZero(i.TaskState); !g.AnyTask && !slices.Contains(g.Tasks(), task) {
		return InvalidState(i, action, "task_state", task)
	}
	if !g.Unlaunched && i.LaunchedAt == nil {
		return InvalidState(i, action, "launched_at", "")
	}
	return nil
}

// Tasks are the task states that the guard lets pass; "" is none.
func (g Guard) Tasks() []string {
	if g.Task == nil {
		return []string{""}
	}
	return g.Task
}

// HostUp refuses a server whose nova-compute is away: ServiceUnavailable, or
// InstanceNotReady where it is on no host. The server must have been loaded with
// its services.
func (o *Core) HostUp(i *objects.Instance) error {
	switch {
	case objects.OrZero(i.Host) == "":
		return objects.ErrInstanceNotReady.Errorf(objects.KindConflict, "Instance %s is not ready", i.UUID)
	case i.Service == nil || !i.Service.Up(o.Now(), o.DownTime):
		return objects.ErrServiceUnavailable.Errorf(objects.KindConflict, "Service is unavailable at this time.")
	}
	return nil
}

// Save changes the server and its row, which counts as updated even where nothing
// is other than before. Its task state must be one of tasks ("" is none) until
// then; nil expects nothing.
func (o *Core) Save(ctx context.Context, i *objects.Instance, tasks []string, change func(*objects.Instance)) error {
	was := *i
	was.Metadata, was.SystemMetadata = maps.Clone(i.Metadata), maps.Clone(i.SystemMetadata)
	change(i)
	err := o.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		return cell.Save(ctx, c, &was, i, cell.Expect{Task: tasks})
	})
	if err != nil {
		*i = was
		return err
	}
	o.changed(ctx, &was, i)
	return nil
}

// InCell does something in the cell of a server.
func (o *Core) InCell(ctx context.Context, i *objects.Instance, do func(context.Context, *db.Cell) error) error {
	_, err := In(ctx, o.Reader, i, func(ctx context.Context, c *db.Cell) (struct{}, error) { return struct{}{}, do(ctx, c) })
	return err
}

// Record writes the action that begins, in the name of whoever asks for it.
func (o *Core) Record(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, action string) error {
	_, err := o.Recorded(ctx, caller, i, action)
	return err
}

// Recorded is Record, with the action's row.
func (o *Core) Recorded(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, action string) (*objects.Action, error) {
	now := o.Now().UTC()
	a := &objects.Action{Action: action, InstanceUUID: i.UUID, RequestID: &caller.RequestID, UserID: &caller.UserID,
		ProjectID: &caller.ProjectID, StartTime: &now}
	return a, o.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.StartAction(ctx, c, a) })
}

// Event does a step of an action, and records when it began and how it ended.
func (o *Core) Event(ctx context.Context, i *objects.Instance, a *objects.Action, name string, do func() error) error {
	return o.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		id, err := cell.StartEvent(ctx, c, a.ID, name, o.Host)
		if err != nil {
			return err
		}
		failed := do()
		if err := cell.FinishEvent(ctx, c, a.ID, id, failed); failed == nil {
			return err
		}
		return failed
	})
}

// Begin is what most verbs do before they tell the server's host: the new task
// state, and the record of the action.
func (o *Core) Begin(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, expect []string, task, action string) error {
	if err := o.Save(ctx, i, expect, func(i *objects.Instance) { i.TaskState = &task }); err != nil {
		return err
	}
	return o.Record(ctx, caller, i, action)
}

// Step records an action that the API does itself, in one step.
func (o *Core) Step(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, action, event string, do func() error) error {
	a, err := o.Recorded(ctx, caller, i, action)
	if err != nil {
		return err
	}
	return o.Event(ctx, i, a, event, do)
}
