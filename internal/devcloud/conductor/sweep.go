package conductor

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud/compute"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/reqctx"
)

// interruptedFault is the message of the fault of an operation that the end of the process
// interrupted.
const interruptedFault = "The cloud was stopped while this was under way."

// Sweep completes or fails the operations that were in progress when the cloud was stopped,
// because their messages are lost.
func (c *Conductor) Sweep(ctx context.Context) error {
	requests, err := c.Records.Requests(ctx)
	if err != nil {
		return err
	}
	for _, q := range requests {
		if err := c.sweepRequest(ctx, q); err != nil {
			return err
		}
	}
	servers, err := c.Records.UnderWay(ctx)
	if err != nil {
		return err
	}
	for _, server := range servers {
		if err := c.sweepServer(ctx, server); err != nil {
			return err
		}
	}
	if err := c.Records.FailMigrations(ctx); err != nil {
		return err
	}
	for _, h := range c.Hosts {
		if err := c.Records.Usage(ctx, h); err != nil {
			return err
		}
	}
	return c.sweepClaims(ctx)
}

// sweepRequest ends a build request: it is deleted if its server is in a cell, otherwise the
// server becomes an error in cell0.
func (c *Conductor) sweepRequest(ctx context.Context, q records.Request) error {
	in, err := c.Records.Find(ctx, q.Server)
	if err != nil {
		return err
	}
	if in != nil { // sweepServer handles the server
		_, err := c.Records.Place(ctx, c.Records.Cell1, q.Server)
		return err
	}
	if q.Instance == nil {
		return c.Records.Forget(ctx, q.Server)
	}
	n := records.New{Instance: q.Instance, Devices: q.Devices.Objects("objects"), Tags: q.Tags.Objects("objects"),
		Caller: &reqctx.Caller{UserID: q.Instance.Text("user_id"), ProjectID: q.Instance.Text("project_id")},
		Set:    records.Row{"vm_state": "error", "task_state": nil, "updated_at": db.Now(ctx)}}
	if buried, err := c.Records.InCell0(ctx, q.Server); err != nil {
		return err
	} else if !buried {
		if err := c.Records.Create(ctx, c.Records.Cell0, n); err != nil {
			return err
		}
		if err := c.Records.Fault(ctx, c.Records.Cell0, q.Server, "", interruptedFault); err != nil {
			return err
		}
	}
	_, err = c.Records.Place(ctx, c.Records.Cell0, q.Server)
	return err
}

// sweepServer ends the task of a server.
func (c *Conductor) sweepServer(ctx context.Context, server string) error {
	s, err := c.Records.Find(ctx, server)
	if err != nil || s == nil {
		return err
	}
	j := &compute.Job{Fleet: c.Fleet, Ctx: ctx, Host: s.Host, Caller: &reqctx.Caller{}, Server: s}
	switch {
	case s.Task == "deleting":
		return j.Terminate()
	case s.VM == "building":
		if err := j.Clean(); err != nil {
			return err
		}
		if _, err := c.Records.Update(ctx, server, records.Row{"vm_state": "error", "task_state": nil}); err != nil {
			return err
		}
		return c.Records.Fault(ctx, c.Records.Cell1, server, s.Host, interruptedFault)
	}
	row := records.Row{"task_state": nil}
	switch s.Task {
	case "powering-off":
		row["vm_state"], row["power_state"] = "stopped", 4
	case "powering-on", "rebooting", "rebooting_hard", "reboot_started", "reboot_started_hard", "unpausing", "resuming", "restoring",
		"unrescuing":
		row["vm_state"], row["power_state"] = "active", 1
	case "pausing", "suspending", "rescuing", "soft-deleting":
		row["vm_state"] = map[string]string{"pausing": "paused", "suspending": "suspended", "rescuing": "rescued",
			"soft-deleting": "soft-delete"}[s.Task]
	case "rebuilding", "rebuild_block_device_mapping", "rebuild_spawning", "resize_prep", "resize_migrating", "resize_migrated",
		"resize_finish", "resize_reverting":
		row["vm_state"] = "error"
		if err := c.Records.Fault(ctx, c.Records.Cell1, server, s.Host, interruptedFault); err != nil {
			return err
		}
	}
	_, err = c.Records.Update(ctx, server, row)
	return err
}

// sweepClaims deletes the allocations and ports of servers that do not exist any more.
func (c *Conductor) sweepClaims(ctx context.Context) error {
	for _, consumer := range append(c.Placement.Consumers(), c.Network.Servers()...) {
		known, err := c.Records.Holds(ctx, consumer)
		if err != nil {
			return err
		}
		if !known {
			if err := c.Placement.Release(consumer); err != nil {
				return err
			}
			if err := c.Network.Unplug(consumer, ""); err != nil {
				return err
			}
		}
	}
	return nil
}
