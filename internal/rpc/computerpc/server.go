package computerpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// What follows tells the host of a server to do something, and returns once the
// broker has the message.

// Reboot restarts a server: kind is "SOFT" or "HARD".
func (c *Client) Reboot(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, kind string) error {
	return c.cast(ctx, caller, i, "", "reboot_instance", args{"instance": i, "block_device_info": nil, "reboot_type": kind})
}

// Start powers a server on.
func (c *Client) Start(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "start_instance", args{"instance": i})
}

// Stop powers a server off; clean lets its system shut down first.
func (c *Client) Stop(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, clean bool) error {
	return c.cast(ctx, caller, i, "", "stop_instance", args{"instance": i, "clean_shutdown": clean})
}

// Pause keeps a server in memory, and stops it.
func (c *Client) Pause(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "pause_instance", args{"instance": i})
}

// Unpause ends Pause.
func (c *Client) Unpause(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "unpause_instance", args{"instance": i})
}

// Suspend writes a server's memory to disk.
func (c *Client) Suspend(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "suspend_instance", args{"instance": i})
}

// Resume ends Suspend.
func (c *Client) Resume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "resume_instance", args{"instance": i})
}
