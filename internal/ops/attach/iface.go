package attach

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

var pluggable = server.Guard{VM: []string{"active", "paused", "stopped"}}

func accelerated(kind string) error {
	if objects.AcceleratorPort(kind) {
		return objects.ErrForbiddenPortsWithAccelerator.Errorf(objects.KindInvalid, "Feature not supported with Ports that have accelerators.")
	}
	return nil
}

// Service versions since which nova-computes attach ports to servers that run: ports
// with a minimum of bandwidth, those that ask for groups of resources, and remote-managed ones.
const (
	attachesBandwidth     = 55
	attachesGroups        = 60
	attachesRemoteManaged = 61
)

// attachable refuses a port that the server, or its host, cannot take.
func (o *Ops) attachable(ctx context.Context, i *objects.Instance, p *objects.Port) error {
	if err := accelerated(p.VNICType); err != nil {
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

// AttachInterface gives a server an interface on a network, or a port that there is,
// and answers the id of the port. All may be nil: Neutron's only network is meant.
func (o *Ops) AttachInterface(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, n objects.NetworkRequest) (string, error) {
	if err := pluggable.Check(caller, i, "attach_interface"); err != nil {
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
	return port, remote(err)
}

// DetachInterface takes an interface away from a server.
func (o *Ops) DetachInterface(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, port string) error {
	if err := pluggable.Check(caller, i, "detach_interface"); err != nil {
		return err
	}
	vifs, err := objects.ParseNetworkInfo([]byte(i.NetworkInfo()))
	if err != nil {
		return err
	}
	for _, v := range vifs {
		if v.ID == port {
			if err := accelerated(v.VNICType); err != nil {
				return err
			}
		}
	}
	if err := o.Servers.Record(ctx, caller, i, "detach_interface"); err != nil {
		return err
	}
	return o.Servers.Compute.DetachInterface(ctx, caller, i, port)
}
