package attach

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// interfaceGuard describes the states in which interfaces can be attached and detached.
var interfaceGuard = server.Guard{VM: []string{"active", "paused", "stopped"}}

// rejectAccelerator rejects a port whose VNIC type is that of an accelerator.
func rejectAccelerator(kind string) error {
	if objects.AcceleratorPort(kind) {
		return objects.ErrForbiddenPortsWithAccelerator.Errorf(objects.KindInvalid, "Feature not supported with Ports that have accelerators.")
	}
	return nil
}

// Service versions since which nova-compute attaches ports to existing servers: ports with a minimum bandwidth, ports that
// request resource groups, and remote-managed ports.
const (
	attachesBandwidth     = 55
	attachesGroups        = 60
	attachesRemoteManaged = 61
)

// attachable rejects a port that cannot be attached to the server, or that its host is too old for.
func (o *Ops) attachable(ctx context.Context, i *objects.Instance, p *objects.Port) error {
	if err := rejectAccelerator(p.VNICType); err != nil {
		return err
	}
	if p.VNICType == "remote-managed" {
		oldest, err := o.Servers.OldestCompute(ctx)
		if err != nil {
			return err
		}
		if oldest < attachesRemoteManaged {
			return objects.OldForRemoteManaged()
		}
	}
	if p.Request.Empty() {
		return nil
	}
	grouped, err := o.Ports.Grouped(ctx)
	if err != nil || grouped && len(p.Request.Groups) == 0 {
		return err
	}
	var services []*objects.Service
	err = o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		services, err = cell.Services(ctx, c, cell.ServiceQuery{Hosts: []string{objects.OrZero(i.Host)}, Binary: "nova-compute"})
		return err
	})
	switch {
	case err != nil || len(services) == 0:
		return err
	case grouped && services[0].Version < attachesGroups:
		return objects.OldForResourceGroups()
	case !grouped && services[0].Version < attachesBandwidth:
		return objects.ErrAttachInterfaceWithQoSPolicyNotSupported.Errorf(objects.KindInvalid,
			"Attaching interfaces with QoS policy is not supported for instance %s.", i.UUID)
	}
	return nil
}

// AttachInterface attaches an existing port, or a new port on a network, to a server and returns the port's id. If neither
// is given, the network is the only one that the project can use.
func (o *Ops) AttachInterface(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, n objects.NetworkRequest) (string, error) {
	if err := interfaceGuard.Check(caller, i, "attach_interface"); err != nil {
		return "", err
	}
	if err := o.Servers.Record(ctx, caller, i, "attach_interface"); err != nil {
		return "", err
	}
	if objects.OrZero(n.PortID) != "" {
		p, err := o.Ports.Port(ctx, caller, *n.PortID)
		if err == nil {
			err = o.attachable(ctx, i, p)
		}
		if err != nil {
			return "", err
		}
	}
	port, err := o.Servers.Compute.AttachInterface(ctx, caller, i, n.NetworkID, n.PortID, n.Address, n.Tag)
	return port, remoteError(err)
}

// DetachInterface detaches a port from a server.
func (o *Ops) DetachInterface(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, port string) error {
	if err := interfaceGuard.Check(caller, i, "detach_interface"); err != nil {
		return err
	}
	vifs, err := objects.ParseNetworkInfo([]byte(i.NetworkInfo()))
	if err != nil {
		return err
	}
	for _, v := range vifs {
		if v.ID == port {
			if err := rejectAccelerator(v.VNICType); err != nil {
				return err
			}
		}
	}
	if err := o.Servers.Record(ctx, caller, i, "detach_interface"); err != nil {
		return err
	}
	return o.Servers.Compute.DetachInterface(ctx, caller, i, port)
}
