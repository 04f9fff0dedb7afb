package computerpc

import (
	"context"

	"github.com/nova-go/nova/internal/reqctx"
)

// What follows asks the driver of a host, which is in the cell with the UUID, and
// answers in its words. Of drivers that cannot do it the error is a
// *rpc.RemoteError of the class NotImplementedError.

// SetHostEnabled has a host take new servers or not, and tells Placement; the
// answer is "enabled" or "disabled".
func (c *Client) SetHostEnabled(ctx context.Context, caller *reqctx.Caller, cell, host string, enabled bool) (string, error) {
	return c.text(ctx, caller, cell, host, "set_host_enabled", args{"enabled": enabled}, true)
}

// HostMaintenance begins or ends the maintenance of a host; the answer is
// "on_maintenance" or "off_maintenance".
func (c *Client) HostMaintenance(ctx context.Context, caller *reqctx.Caller, cell, host string, on bool) (string, error) {
	return c.text(ctx, caller, cell, host, "host_maintenance_mode", args{"host": host, "mode": on}, false)
}

// HostPowerAction does "startup", "shutdown" or "reboot" to a host.
func (c *Client) HostPowerAction(ctx context.Context, caller *reqctx.Caller, cell, host, action string) (string, error) {
	return c.text(ctx, caller, cell, host, "host_power_action", args{"action": action}, false)
}

// HostUptime is what the command uptime says on a host.
func (c *Client) HostUptime(ctx context.Context, caller *reqctx.Caller, cell, host string) (string, error) {
	return c.text(ctx, caller, cell, host, "get_host_uptime", args{}, false)
}

func (c *Client) text(ctx context.Context, caller *reqctx.Caller, cell, host, method string, a args, long bool) (answer string, err error) {
	err = c.callHost(ctx, caller, cell, host, method, a, &answer, long)
	return answer, err
}
