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
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc/computerpc"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// Core contains the steps that operations on servers have in common: it loads and saves servers, records actions, checks
// states and sends notifications. Servers that it changes must be loaded as a record (cell.Load.Record).
type Core struct {
	Reader    *Reader
	Services  Services
	Compute   *computerpc.Client
	Conductor *conductorrpc.Client
	Limits    Limits
	Notify    *notify.Notifier
	// Release is the release of the services of the deployment.
	Release release.Release
	// Host is [DEFAULT] host, the host of the events of actions that the API performs itself.
	Host string
	// Up reports whether a service is up.
	Up func(*objects.Service) bool
	// CrossZoneAttach is [cinder] cross_az_attach.
	CrossZoneAttach bool
	// AuditPeriod is [DEFAULT] instance_usage_audit_period.
	AuditPeriod string
	Log         zerolog.Logger
	Now         func() time.Time
}

// Limits checks quotas. Errors: MetadataLimitExceeded, TooManyInstances, OverQuota.
type Limits interface {
	// MetadataItems checks the number of metadata keys of a server of the caller's.
	MetadataItems(ctx context.Context, caller *reqctx.Caller, n int) error
	// CheckImage checks the number of properties of an image of the caller's.
	CheckImage(ctx context.Context, caller quota.Owner, properties int) error
	// OneMore checks that the caller may have one more server.
	OneMore(ctx context.Context, caller *reqctx.Caller, t quota.Taker) error
	// Unshelve checks that an offloaded server may use resources of a host again.
	Unshelve(ctx context.Context, caller *reqctx.Caller, spec *objects.RequestSpec, load func() (quota.Taker, error)) error
}

// Guard describes the states in which an operation is allowed. The zero value requires a server that was launched and that
// has no task state.
type Guard struct {
	VM         []string // allowed VM states; nil: all
	Task       []string // allowed task states, "" for none; nil: only none
	AnyTask    bool
	Unlaunched bool // also allows a server that has never been launched
	Host       bool // requires that the server is on a host
}

// Locked returns the error for a server that is locked.
func Locked(i *objects.Instance) error {
	return objects.ErrInstanceIsLocked.Errorf(objects.KindConflict, "Instance %s is locked", i.UUID)
}

// InvalidState returns the error for a server whose attribute has a value that does not allow the action; "" means that
// the attribute is not set.
func InvalidState(i *objects.Instance, action, attribute, value string) error {
	if value == "" {
		return objects.ErrInstanceInvalidState.Errorf(objects.KindConflict, "Instance %s is in an invalid state for '%s'", i.UUID, action)
	}
	return objects.ErrInstanceInvalidState.Errorf(objects.KindConflict, "Cannot '%s' instance %s while it is in %s %s", action, i.UUID,
		attribute, value)
}

// Check compares a server with the guard in Nova's order: first its lock, then its host and its states. action is the
// operation's name in the error text. Errors: InstanceIsLocked, InstanceNotReady, InstanceInvalidState.
func (g Guard) Check(caller *reqctx.Caller, i *objects.Instance, action string) error {
	if i.Locked && !caller.IsAdmin {
		return Locked(i)
	}
	if g.Host && objects.OrZero(i.Host) == "" {
		return objects.ErrInstanceNotReady.Errorf(objects.KindConflict, "Instance %s is not ready", i.UUID)
	}
	return g.States(i, action)
}

// States is Check without the lock and the host.
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

// Tasks returns the task states that the guard allows; "" is none.
func (g Guard) Tasks() []string {
	if g.Task == nil {
		return []string{""}
	}
	return g.Task
}

// HostUp returns ServiceUnavailable if the server's nova-compute is down, and InstanceNotReady if the server is on no
// host. The server must be loaded with its services.
func (o *Core) HostUp(i *objects.Instance) error {
	switch {
	case objects.OrZero(i.Host) == "":
		return objects.ErrInstanceNotReady.Errorf(objects.KindConflict, "Instance %s is not ready", i.UUID)
	case i.Service == nil || !o.Up(i.Service):
		return objects.ErrServiceUnavailable.Errorf(objects.KindConflict, "Service is unavailable at this time.")
	}
	return nil
}

// Save changes the server and its row. updated_at changes even if no other column does. The row's task state must be one
// of tasks ("" is none) until then; nil allows any. If that fails, the server is as before.
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
	o.Notify.Changed(ctx, "update", i)
	o.changed(ctx, &was, i)
	return nil
}

// InCell calls do with the cell of a server.
func (o *Core) InCell(ctx context.Context, i *objects.Instance, do func(context.Context, *db.Cell) error) error {
	_, err := In(ctx, o.Reader, i, func(ctx context.Context, c *db.Cell) (struct{}, error) { return struct{}{}, do(ctx, c) })
	return err
}

// Record writes the row of an action that starts now. Its user and project are the caller's.
func (o *Core) Record(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, action string) error {
	_, err := o.Recorded(ctx, caller, i, action)
	return err
}

// Recorded is Record and returns the action.
func (o *Core) Recorded(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, action string) (*objects.Action, error) {
	now := o.Now().UTC()
	a := &objects.Action{Action: action, InstanceUUID: i.UUID, RequestID: &caller.RequestID, UserID: &caller.UserID,
		ProjectID: &caller.ProjectID, StartTime: &now}
	return a, o.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.StartAction(ctx, c, a) })
}

// Event runs a step of an action between writing the event's start and its result.
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

// Begin is what most operations do before they send the RPC message to the server's host: it saves the new task state and
// records the action. expect is as tasks in Save.
func (o *Core) Begin(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, expect []string, task, action string) error {
	if err := o.Save(ctx, i, expect, func(i *objects.Instance) { i.TaskState = &task }); err != nil {
		return err
	}
	return o.Record(ctx, caller, i, action)
}

// Step records an action with one event, and runs it.
func (o *Core) Step(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, action, event string, do func() error) error {
	a, err := o.Recorded(ctx, caller, i, action)
	if err != nil {
		return err
	}
	return o.Event(ctx, i, a, event, do)
}
