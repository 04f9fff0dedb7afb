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

// checkOnHost checks that a server is on a host.
func checkOnHost(i *objects.Instance) error {
	if objects.OrZero(i.Host) == "" {
		return objects.ErrInstanceNotReady.Errorf(objects.KindConflict, "Instance %s is not ready", i.UUID)
	}
	return nil
}

// ChangePassword sets the administrator password of a server with an RPC call, and returns after the host has set it.
func (o *Ops) ChangePassword(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, password string) error {
	if err := (server.Guard{VM: []string{"active"}}).Check(caller, i, "changePassword"); err != nil {
		return lockedAsState(i, "changePassword", err)
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "updating_password", "changePassword"); err != nil {
		return err
	}
	return remoteError(o.Servers.Compute.SetAdminPassword(ctx, caller, i, password), server.Kinds{
		objects.ErrInstancePasswordSetFailed: objects.KindConflict, objects.ErrSetAdminPasswdNotSupported: objects.KindConflict,
		objects.ErrInstanceAgentNotEnabled: objects.KindConflict,
	})
}

// lockedAsState replaces the error of a lock by InstanceInvalidState, in operations for which Nova reports a lock as an
// invalid state.
func lockedAsState(i *objects.Instance, action string, err error) error {
	if errors.Is(err, objects.ErrInstanceIsLocked) {
		return server.InvalidState(i, action, "locked", "")
	}
	return err
}

// remoteError converts exceptions of a host into domain errors: those of the given classes, and the one for operations
// that the virt driver does not support.
func remoteError(err error, kinds server.Kinds) error {
	return server.Supported(server.Remote(err, kinds))
}

// ConsoleOutput returns the last lines of a server's console; if lines is nil, all.
func (o *Ops) ConsoleOutput(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, lines any) (string, error) {
	if err := checkOnHost(i); err != nil {
		return "", err
	}
	output, err := o.Servers.Compute.ConsoleOutput(ctx, caller, i, lines)
	return output, remoteError(err, server.Kinds{
		objects.ErrInstanceNotFound: objects.KindNotFound, objects.ErrConsoleNotAvailable: objects.KindNotFound,
		objects.ErrInstanceNotReady: objects.KindConflict,
	})
}

// Diagnostics returns the diagnostics of a server in the format of its host's virt driver.
func (o *Ops) Diagnostics(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (json.RawMessage, error) {
	if err := checkOnHost(i); err != nil {
		return nil, err
	}
	answer, err := o.Servers.Compute.Diagnostics(ctx, caller, i)
	return answer, diagnosticsError(i, err)
}

// CommonDiagnostics returns the diagnostics of a server in the format that all virt drivers share.
func (o *Ops) CommonDiagnostics(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (*objects.Diagnostics, error) {
	if err := checkOnHost(i); err != nil {
		return nil, err
	}
	answer, err := o.Servers.Compute.InstanceDiagnostics(ctx, caller, i)
	return answer, diagnosticsError(i, err)
}

// diagnosticsError converts an exception of a request for diagnostics into a domain error.
func diagnosticsError(i *objects.Instance, err error) error {
	if rpc.IsRemote(err, objects.ErrInstanceInvalidState) {
		attribute, state := rpc.RemoteArgument(err, "attr"), rpc.RemoteArgument(err, "state")
		if attribute == "" {
			state = ""
		}
		return server.InvalidState(i, "get_diagnostics", attribute, state)
	}
	return remoteError(err, server.Kinds{objects.ErrInstanceNotReady: objects.KindConflict})
}

// TriggerCrashDump sends an NMI to a server, so that its operating system writes a crash dump.
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

// InjectNetworkInfo makes a server's host inject the network configuration into the server.
func (o *Ops) InjectNetworkInfo(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if i.Locked && !caller.IsAdmin {
		return server.Locked(i)
	}
	return o.Servers.Compute.InjectNetworkInfo(ctx, caller, i)
}

// AddFixedIP adds an address of a network to a server. The id of the network is a string or a number, as the client sends
// it.
func (o *Ops) AddFixedIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, network any) error {
	if i.Locked && !caller.IsAdmin {
		return server.Locked(i)
	}
	return o.Servers.Compute.AddFixedIP(ctx, caller, i, network)
}

// RemoveFixedIP removes an address from a server.
func (o *Ops) RemoveFixedIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, address string) error {
	if i.Locked && !caller.IsAdmin {
		return server.Locked(i)
	}
	return o.Servers.Compute.RemoveFixedIP(ctx, caller, i, address)
}
