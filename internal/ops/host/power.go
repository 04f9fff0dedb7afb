package host

import (
	"context"

	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// SetEnabled tells the driver of a host to take new servers or not. The answer is
// its own, "enabled" or "disabled" where it went well. Errors of this and the
// next: HostMappingNotFound, ComputeHostNotFound, NotImplementedError.
func (h *Hosts) SetEnabled(ctx context.Context, caller *reqctx.Context, host string, enabled bool) (string, error) {
	return h.tell(ctx, host, func(cell, host string) (string, error) {
		return h.Computes.SetHostEnabled(ctx, caller, cell, host, enabled)
	})
}

// SetMaintenance begins or ends the maintenance of a host. The answer is
// "on_maintenance" or "off_maintenance" where it went well.
func (h *Hosts) SetMaintenance(ctx context.Context, caller *reqctx.Context, host string, on bool) (string, error) {
	return h.tell(ctx, host, func(cell, host string) (string, error) {
		return h.Computes.HostMaintenance(ctx, caller, cell, host, on)
	})
}

// Power does "startup", "shutdown" or "reboot" to a host.
func (h *Hosts) Power(ctx context.Context, caller *reqctx.Context, host, action string) (string, error) {
	return h.tell(ctx, host, func(cell, host string) (string, error) {
		return h.Computes.HostPowerAction(ctx, caller, cell, host, action)
	})
}

func (h *Hosts) tell(ctx context.Context, host string, do func(cell, host string) (string, error)) (string, error) {
	c, s, err := h.Compute(ctx, host)
	if err != nil {
		return "", err
	}
	answer, err := do(c.UUID, s.Host)
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
