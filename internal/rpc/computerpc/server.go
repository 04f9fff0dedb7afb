package computerpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// The following methods are casts: they return once the broker has confirmed the message.

// Reboot restarts a server. kind is "SOFT" or "HARD".
func (c *Client) Reboot(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, kind string) error {
	return c.cast(ctx, caller, i, "", "reboot_instance", args{"instance": i, "block_device_info": nil, "reboot_type": kind})
}

// Start powers on a server.
func (c *Client) Start(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "start_instance", args{"instance": i})
}

// Stop powers off a server. With clean its operating system is shut down first.
func (c *Client) Stop(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, clean bool) error {
	return c.cast(ctx, caller, i, "", "stop_instance", args{"instance": i, "clean_shutdown": clean})
}

// Pause stops the CPUs of a server and keeps its memory.
func (c *Client) Pause(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "pause_instance", args{"instance": i})
}

// Unpause reverses Pause.
func (c *Client) Unpause(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "unpause_instance", args{"instance": i})
}

// Suspend writes the memory of a server to disk and stops it.
func (c *Client) Suspend(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "suspend_instance", args{"instance": i})
}

// Resume reverses Suspend.
func (c *Client) Resume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "resume_instance", args{"instance": i})
}
