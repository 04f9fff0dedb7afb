package computerpc

import (
	"context"

	"github.com/nova-go/nova/internal/reqctx"
)

// The following methods call the virt driver of a host in the cell with the given UUID, and
// return the driver's result. If the driver does not implement the method, the error is a
// *rpc.RemoteError of the class NotImplementedError.

// SetHostEnabled lets a host accept new servers or not, also in Placement. The result is
// "enabled" or "disabled".
func (c *Client) SetHostEnabled(ctx context.Context, caller *reqctx.Caller, cell, host string, enabled bool) (string, error) {
	return c.text(ctx, caller, cell, host, "set_host_enabled", args{"enabled": enabled}, true)
}

// HostMaintenance begins or ends the maintenance mode of a host. The result is "on_maintenance"
// or "off_maintenance".
func (c *Client) HostMaintenance(ctx context.Context, caller *reqctx.Caller, cell, host string, on bool) (string, error) {
	return c.text(ctx, caller, cell, host, "host_maintenance_mode", args{"host": host, "mode": on}, false)
}

// HostPowerAction runs the power action "startup", "shutdown" or "reboot" on a host.
func (c *Client) HostPowerAction(ctx context.Context, caller *reqctx.Caller, cell, host, action string) (string, error) {
	return c.text(ctx, caller, cell, host, "host_power_action", args{"action": action}, false)
}

// HostUptime returns the output of the command uptime on a host.
func (c *Client) HostUptime(ctx context.Context, caller *reqctx.Caller, cell, host string) (string, error) {
	return c.text(ctx, caller, cell, host, "get_host_uptime", args{}, false)
}

func (c *Client) text(ctx context.Context, caller *reqctx.Caller, cell, host, method string, a args, long bool) (answer string, err error) {
	err = c.callHost(ctx, caller, cell, host, method, a, &answer, long)
	return answer, err
}
