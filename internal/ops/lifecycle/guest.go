package lifecycle

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// onHost wants a server that is on a host.
func onHost(i *objects.Instance) error {
	if objects.OrZero(i.Host) == "" {
		return objects.ErrInstanceNotReady.Errorf(objects.KindConflict, "Instance %s is not ready", i.UUID)
	}
	return nil
}

// ChangePassword sets the password of a server's administrator, and waits for it.
func (o *Ops) ChangePassword(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, password string) error {
	if err := (server.Guard{VM: []string{"active"}}).Check(caller, i, "changePassword"); err != nil {
		return stateless(i, "changePassword", err)
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "updating_password", "changePassword"); err != nil {
		return err
	}
	return remote(o.Servers.Compute.SetAdminPassword(ctx, caller, i, password), server.Kinds{
		objects.ErrInstancePasswordSetFailed: objects.KindConflict, objects.ErrSetAdminPasswdNotSupported: objects.KindConflict,
		objects.ErrInstanceAgentNotEnabled: objects.KindConflict,
	})
}

// stateless is the error that a lock is where Nova tells it like a state.
func stateless(i *objects.Instance, action string, err error) error {
	if errors.Is(err, objects.ErrInstanceIsLocked) {
		return server.InvalidState(i, action, "locked", "")
	}
	return err
}

// remote makes domain errors of a host's exceptions of these classes, and of what its
// driver cannot do.
func remote(err error, kinds server.Kinds) error {
	return server.Supported(server.Remote(err, kinds))
}

// ConsoleOutput reads the last lines of a server's console; nil means all.
func (o *Ops) ConsoleOutput(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, lines any) (string, error) {
	if err := onHost(i); err != nil {
		return "", err
	}
	output, err := o.Servers.Compute.ConsoleOutput(ctx, caller, i, lines)
	return output, remote(err, server.Kinds{
		objects.ErrInstanceNotFound: objects.KindNotFound, objects.ErrConsoleNotAvailable: objects.KindNotFound,
		objects.ErrInstanceNotReady: objects.KindConflict,
	})
}

// Diagnostics is what the driver of a server's host says of it, in its own terms.
func (o *Ops) Diagnostics(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (json.RawMessage, error) {
	if err := onHost(i); err != nil {
		return nil, err
	}
	answer, err := o.Servers.Compute.Diagnostics(ctx, caller, i)
	return answer, diagnosed(i, err)
}

// CommonDiagnostics is Diagnostics in the terms that all drivers share.
func (o *Ops) CommonDiagnostics(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (*objects.Diagnostics, error) {
	if err := onHost(i); err != nil {
		return nil, err
	}
	answer, err := o.Servers.Compute.InstanceDiagnostics(ctx, caller, i)
	return answer, diagnosed(i, err)
}

func diagnosed(i *objects.Instance, err error) error {
	if rpc.IsRemote(err, objects.ErrInstanceInvalidState) {
		attribute, state := rpc.RemoteArgument(err, "attr"), rpc.RemoteArgument(err, "state")
		if attribute == "" {
			state = ""
		}
		return server.InvalidState(i, "get_diagnostics", attribute, state)
	}
	return remote(err, server.Kinds{objects.ErrInstanceNotReady: objects.KindConflict})
}

// TriggerCrashDump makes a server's system dump its memory.
func (o *Ops) TriggerCrashDump(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"active", "paused", "rescued", "resized", "error"}, Host: true}).Check(caller, i,
		"trigger_crash_dump"); err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "trigger_crash_dump"); err != nil {
		return err
	}
	return o.Servers.Compute.TriggerCrashDump(ctx, caller, i)
}

// InjectNetworkInfo writes the configuration of its networks into a server.
func (o *Ops) InjectNetworkInfo(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if i.Locked && !caller.IsAdmin {
		return server.Locked(i)
	}
	return o.Servers.Compute.InjectNetworkInfo(ctx, caller, i)
}

// AddFixedIP gives a server a further address of a network, whose id is text or a number.
func (o *Ops) AddFixedIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, network any) error {
	if i.Locked && !caller.IsAdmin {
		return server.Locked(i)
	}
	return o.Servers.Compute.AddFixedIP(ctx, caller, i, network)
}

// RemoveFixedIP takes an address from a server.
func (o *Ops) RemoveFixedIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, address string) error {
	if i.Locked && !caller.IsAdmin {
		return server.Locked(i)
	}
	return o.Servers.Compute.RemoveFixedIP(ctx, caller, i, address)
}
