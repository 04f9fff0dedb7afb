package host

import (
	"context"

	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/reqctx"
)

// SetEnabled makes the virt driver of a host accept or reject new servers, and returns the driver's string, "enabled" or
// "disabled" on success. Errors, also of SetMaintenance and Power: HostMappingNotFound, ComputeHostNotFound,
// NotImplementedError.
func (h *Hosts) SetEnabled(ctx context.Context, caller *reqctx.Caller, host string, enabled bool) (string, error) {
	e := hostEvent{"set_enabled", "set_host_enabled", "enabled", enabled}
	return h.tell(ctx, caller, host, e, func(cell, host string) (string, error) {
		return h.Computes.SetHostEnabled(ctx, caller, cell, host, enabled)
	})
}

// SetMaintenance starts or ends the maintenance mode of a host. It returns "on_maintenance" or "off_maintenance" on
// success.
func (h *Hosts) SetMaintenance(ctx context.Context, caller *reqctx.Caller, host string, on bool) (string, error) {
	e := hostEvent{"set_maintenance", "set_host_maintenance", "mode", on}
	return h.tell(ctx, caller, host, e, func(cell, host string) (string, error) {
		return h.Computes.HostMaintenance(ctx, caller, cell, host, on)
	})
}

// Power performs the power action "startup", "shutdown" or "reboot" on a host.
func (h *Hosts) Power(ctx context.Context, caller *reqctx.Caller, host, action string) (string, error) {
	e := hostEvent{"power_action", "host_power_action", "action", action}
	return h.tell(ctx, caller, host, e, func(cell, host string) (string, error) {
		return h.Computes.HostPowerAction(ctx, caller, cell, host, action)
	})
}

// hostEvent describes the notifications before and after an RPC call to a host. If the call fails, the notification has
// the name of Nova's method.
type hostEvent struct {
	name, method, what string
	value              any
}

func (h *Hosts) tell(ctx context.Context, caller *reqctx.Caller, host string, e hostEvent,
	do func(cell, host string) (string, error)) (answer string, err error) {
	defer func() {
		h.Notify.Failed(ctx, caller, notify.Call{Service: "compute", Method: e.method,
			Args: map[string]any{"host_name": host, e.what: e.value}}, err)
	}()
	c, s, err := h.Compute(ctx, host)
	if err != nil {
		return "", err
	}
	h.Notify.Host(ctx, caller, e.name+".start", s.Host, e.what, e.value)
	answer, err = do(c.UUID, s.Host)
	if err == nil {
		h.Notify.Host(ctx, caller, e.name+".end", s.Host, e.what, e.value)
	}
	return answer, driverError(err)
}

// Load is the first compute node of a host together with the servers on that host.
type Load struct {
	*objects.ComputeNode
	Servers []*cell.Hosted
}

// Load reads the first compute node of a host and the servers on the host. Errors: HostMappingNotFound,
// ComputeHostNotFound.
func (h *Hosts) Load(ctx context.Context, host string) (*Load, error) {
	c, err := h.Cells.OfHost(ctx, host)
	if err != nil {
		return nil, err
	}
	nodes, err := cell.ComputeNodes(ctx, c, cell.NodeQuery{Host: host, Limit: 1})
	if err == nil && len(nodes) == 0 {
		err = NotFound(host)
	}
	if err != nil {
		return nil, err
	}
	servers, err := cell.InstancesOn(ctx, c, []string{host})
	return &Load{nodes[0], servers}, err
}
