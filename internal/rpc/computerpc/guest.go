package computerpc

import (
	"context"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// SetAdminPassword changes the password of a server's administrator, and returns
// when it is changed.
func (c *Client) SetAdminPassword(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, password string) error {
	return c.call(ctx, caller, i, "set_admin_password", args{"instance": i, "new_pass": password}, nil)
}

// ConsoleOutput reads the last lines of a server's console; nil lines mean all.
func (c *Client) ConsoleOutput(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, lines any) (string, error) {
	var text string
	err := c.call(ctx, caller, i, "get_console_output", args{"instance": i, "tail_length": lines}, &text)
	return text, err
}

// Diagnostics is what the driver of the server's host says of it, in its own terms.
func (c *Client) Diagnostics(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (json.RawMessage, error) {
	var answer json.RawMessage
	err := c.call(ctx, caller, i, "get_diagnostics", args{"instance": i}, &answer)
	return answer, err
}

// InstanceDiagnostics is Diagnostics in the terms that all drivers share.
func (c *Client) InstanceDiagnostics(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (*objects.Diagnostics, error) {
	var answer json.RawMessage
	if err := c.call(ctx, caller, i, "get_instance_diagnostics", args{"instance": i}, &answer); err != nil {
		return nil, err
	}
	return versioned.ParseDiagnostics(answer)
}

// TriggerCrashDump makes a server's system dump its memory.
func (c *Client) TriggerCrashDump(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "trigger_crash_dump", args{"instance": i})
}

// InjectNetworkInfo writes the configuration of its networks into a server.
func (c *Client) InjectNetworkInfo(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "inject_network_info", args{"instance": i})
}

// AddFixedIP gives a server a further address of a network, whose id is text or a number.
func (c *Client) AddFixedIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, network any) error {
	return c.cast(ctx, caller, i, "", "add_fixed_ip_to_instance", args{"instance": i, "network_id": network})
}

// RemoveFixedIP takes an address from a server.
func (c *Client) RemoveFixedIP(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, address string) error {
	return c.cast(ctx, caller, i, "", "remove_fixed_ip_from_instance", args{"instance": i, "address": address})
}

// Rescue boots a server from a rescue image; nil is the one it was made from, or
// the one that its host is configured with.
func (c *Client) Rescue(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, password string, image *string) error {
	return c.cast(ctx, caller, i, "", "rescue_instance", args{"instance": i, "rescue_password": password, "rescue_image_ref": image,
		"clean_shutdown": true})
}

// Unrescue ends Rescue.
func (c *Client) Unrescue(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	return c.cast(ctx, caller, i, "", "unrescue_instance", args{"instance": i})
}
