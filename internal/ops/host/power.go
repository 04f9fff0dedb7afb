package host

import (
	"context"

	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/reqctx"
)

// SetEnabled tells the driver of a host to take new servers or not. The answer is
// its own, "enabled" or "disabled" where it went well. Errors of this and the
// next: HostMappingNotFound, ComputeHostNotFound, NotImplementedError.
func (h *Hosts) SetEnabled(ctx context.Context, caller *reqctx.Caller, host string, enabled bool) (string, error) {
	return h.tell(ctx, caller, host, event{"set_enabled", "set_host_enabled", "enabled", enabled}, func(cell, host string) (string, error) {
		return h.Computes.SetHostEnabled(ctx, caller, cell, host, enabled)
	})
}

// SetMaintenance begins or ends the maintenance of a host. The answer is
// "on_maintenance" or "off_maintenance" where it went well.
func (h *Hosts) SetMaintenance(ctx context.Context, caller *reqctx.Caller, host string, on bool) (string, error) {
	return h.tell(ctx, caller, host, event{"set_maintenance", "set_host_maintenance", "mode", on}, func(cell, host string) (string, error) {
		return h.Computes.HostMaintenance(ctx, caller, cell, host, on)
	})
}

// Power does "startup", "shutdown" or "reboot" to a host.
func (h *Hosts) Power(ctx context.Context, caller *reqctx.Caller, host, action string) (string, error) {
	return h.tell(ctx, caller, host, event{"power_action", "host_power_action", "action", action}, func(cell, host string) (string, error) {
		return h.Computes.HostPowerAction(ctx, caller, cell, host, action)
	})
}

// event is what is announced before and after a host is told something, or under
// the name of Nova's method where that fails.
type event struct {
	name, method, what string
	value              any
}

func (h *Hosts) tell(ctx context.Context, caller *reqctx.Caller, host string, e event, do func(cell, host string) (string,
	error)) (answer string, err error) {
	defer func() {
		h.Notify.Failed(ctx, caller, notify.Call{Service: "compute", Method: e.method, Args: map[string]any{"host_name": host,
			e.what: e.value}}, err)
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
	return answer, supported(err)
}

// Load is the first compute node of a host, with the servers on that host.
type Load struct {
	*objects.ComputeNode
	Servers []*cell.Hosted
}

// Load reads what a host has and what is on it. Errors: HostMappingNotFound,
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
