package attachment

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/instance"
	"github.com/nova-go/nova/internal/reqctx"
)

var pluggable = instance.Guard{VM: []string{"active", "paused", "stopped"}}

func accelerated(kind string) error {
	if kind == "accelerator-direct" || kind == "accelerator-direct-physical" {
		return objects.Errorf(objects.KindInvalid, "ForbiddenPortsWithAccelerator", "Feature not supported with Ports that have accelerators.")
	}
	return nil
}

// AttachInterface gives a server an interface on a network, or a port that there is,
// and answers the id of the port. All may be nil: Neutron's only network is meant.
func (o *Ops) AttachInterface(ctx context.Context, caller *reqctx.Context, i *objects.Instance, n objects.NetworkRequest) (string, error) {
	if err := pluggable.Check(caller, i, "attach_interface"); err != nil {
		return "", err
	}
	if err := o.Record(ctx, caller, i, "attach_interface"); err != nil {
		return "", err
	}
	if n.PortID != nil {
		kind, err := o.Ports.VNICType(ctx, *n.PortID)
		if err != nil {
			return "", err
		}
		if err := accelerated(kind); err != nil {
			return "", err
		}
	}
	port, err := o.Compute.AttachInterface(ctx, caller, i, n.NetworkID, n.PortID, n.Address, n.Tag)
	return port, remote(err)
}

// DetachInterface takes an interface away from a server.
func (o *Ops) DetachInterface(ctx context.Context, caller *reqctx.Context, i *objects.Instance, port string) error {
	if err := pluggable.Check(caller, i, "detach_interface"); err != nil {
		return err
	}
	vifs, err := objects.ParseNetworkInfo([]byte(i.Part("info_cache").Text("network_info")))
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
	if err := o.Record(ctx, caller, i, "detach_interface"); err != nil {
		return err
	}
	return o.Compute.DetachInterface(ctx, caller, i, port)
}

// Console opens a console of a server: method is the host's, kind "novnc" and the
// like. The answer is what the host says: access_url, token, host, port.
func (o *Ops) Console(ctx context.Context, caller *reqctx.Context, i *objects.Instance, method, kind string) (map[string]any, error) {
	if i.Host == nil || *i.Host == "" {
		return nil, objects.Errorf(objects.KindConflict, "InstanceNotReady", "Instance %s is not ready", i.UUID)
	}
	answer, err := o.Compute.Console(ctx, caller, i, method, kind)
	return answer, remote(err)
}
