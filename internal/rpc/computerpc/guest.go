package computerpc

import (
	"context"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// SetAdminPassword changes the administrator password of a server, and returns when it has
// changed.
func (c *Client) SetAdminPassword(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, password string) error {
	return c.call(ctx, caller, i, "set_admin_password", args{"instance": i, "new_pass": password}, nil)
}

// ConsoleOutput returns the last lines of a server's console; if lines is nil, all.
func (c *Client) ConsoleOutput(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, lines any) (string, error) {
	var text string
	err := c.call(ctx, caller, i, "get_console_output", args{"instance": i, "tail_length": lines}, &text)
	return text, err
}

// Diagnostics returns the diagnostics of a server in the form of its host's virt driver.
func (c *Client) Diagnostics(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (json.RawMessage, error) {
	var answer json.RawMessage
	err := c.call(ctx, caller, i, "get_diagnostics", args{"instance": i}, &answer)
	return answer, err
}

// InstanceDiagnostics returns the diagnostics of a server in the form that all virt drivers
// share.
func (c *Client) InstanceDiagnostics(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (*objects.Diagnostics, error) {
	var answer json.RawMessage
	if err := c.call(ctx, caller, i, "get_instance_diagnostics", args{"instance": i}, &answer); err != nil {
		return nil, err
	}
	return versioned.ParseDiagnostics(answer)
}

// TriggerCrashDump lets the operating system of a server write a crash dump.
func (c *Client) TriggerCrashDump(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "trigger_crash_dump", args{"instance": i})
}

// InjectNetworkInfo writes the network configuration into a server.
func (c *Client) InjectNetworkInfo(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "inject_network_info", args{"instance": i})
}

// AddFixedIP adds an address of a network to a server. The id of the network is a string or a
// number.
func (c *Client) AddFixedIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, network any) error {
	return c.cast(ctx, caller, i, "", "add_fixed_ip_to_instance", args{"instance": i, "network_id": network})
}

// RemoveFixedIP removes an address from a server.
func (c *Client) RemoveFixedIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, address string) error {
	return c.cast(ctx, caller, i, "", "remove_fixed_ip_from_instance", args{"instance": i, "address": address})
}

// Rescue boots a server from a rescue image. If image is nil, the host uses its configured rescue
// image, or the image of the server.
func (c *Client) Rescue(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, password string, image *string) error {
	return c.cast(ctx, caller, i, "", "rescue_instance", args{"instance": i, "rescue_password": password, "rescue_image_ref": image,
		"clean_shutdown": true})
}

// Unrescue reverses Rescue.
func (c *Client) Unrescue(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "unrescue_instance", args{"instance": i})
}
