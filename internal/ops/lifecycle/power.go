package lifecycle

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// Start powers on a stopped server.
func (o *Ops) Start(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"stopped"}, Host: true}).Check(caller, i, "start"); err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "powering-on", "start"); err != nil {
		return err
	}
	return o.Servers.Compute.Start(ctx, caller, i)
}

// Stop shuts down a server's operating system and powers it off.
func (o *Ops) Stop(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"active", "error"}, Host: true}).Check(caller, i, "stop"); err != nil {
		return err
	}
	if err := o.Servers.Save(ctx, i, []string{""}, func(i *objects.Instance) {
		i.TaskState, i.Progress = new("powering-off"),
			new(int64)
	}); err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "stop"); err != nil {
		return err
	}
	return o.Servers.Compute.Stop(ctx, caller, i, true)
}

// hardRebootable are the task states in which a hard reboot is allowed: none, and those of operations that may hang.
var hardRebootable = []string{"", "rebooting", "reboot_pending", "reboot_started", "resuming", "rebooting_hard", "unpausing", "pausing",
	"suspending"}

// Reboot reboots a server. kind is "SOFT" or "HARD".
func (o *Ops) Reboot(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, kind string) error {
	g, task := server.Guard{VM: []string{"active"}}, "rebooting"
	if kind == "HARD" {
		g, task = server.Guard{VM: []string{"active", "stopped", "paused", "suspended", "error"}, Task: hardRebootable}, "rebooting_hard"
	}
	if err := g.Check(caller, i, "reboot"); err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, g.Tasks(), task, "reboot"); err != nil {
		return err
	}
	return o.Servers.Compute.Reboot(ctx, caller, i, kind)
}

// Pause pauses a server; its memory stays allocated.
func (o *Ops) Pause(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"active"}}).Check(caller, i, "pause"); err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "pausing", "pause"); err != nil {
		return err
	}
	return o.Servers.Compute.Pause(ctx, caller, i)
}

// Unpause resumes a paused server.
func (o *Ops) Unpause(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"paused"}}).Check(caller, i, "unpause"); err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "unpausing", "unpause"); err != nil {
		return err
	}
	return o.Servers.Compute.Unpause(ctx, caller, i)
}
