package create

import (
	"context"
	"slices"

	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
)

// Service versions since which nova-compute builds servers with ports that have a device profile of Cyborg, that request
// resource groups of Placement, and that are remote-managed.
const (
	buildsAccelerators  = 57
	buildsGroups        = 58
	buildsRemoteManaged = 61
)

// findPorts determines the resources that the requested ports need from Placement, and checks that all nova-computes can
// build servers with them.
func (b *Builder) findPorts(ctx context.Context, p *plan) error {
	n := p.Networks
	if n == nil || n.None || !n.Auto && len(n.List) == 0 {
		return nil
	}
	policy, err := hardware.PCIAffinity(p.Flavor, p.meta)
	if err != nil {
		return err
	}
	profile := func(ctx context.Context, profile, port string) ([]*objects.RequestGroup, error) {
		return b.o.Accelerators.Groups(ctx, p.caller, profile, port)
	}
	p.placement, err = b.o.Network.Placement(ctx, n, objects.PortDevices{Requests: p.pci, NUMAPolicy: policy, OfProfile: profile})
	if err != nil {
		return err
	}
	asked := len(p.placement.Resources) > 0
	if !asked && !p.placement.RemoteManaged {
		return nil
	}
	oldest, err := b.everywhere().MinimumVersion(ctx, "nova-compute")
	switch {
	case err != nil:
		return err
	case oldest < buildsAccelerators && slices.ContainsFunc(n.List, func(r *objects.NetworkRequest) bool { return r.DeviceProfile != nil }):
		return objects.ErrForbiddenPortsWithAccelerator.Errorf(objects.KindInvalid,
			"Port with cyborg profile is not available until upgrade finished.")
	case oldest < buildsRemoteManaged && p.placement.RemoteManaged:
		return objects.OldForRemoteManaged()
	case asked && !p.PortResources:
		return objects.ErrCreateWithPortResourceRequestOldVersion.Errorf(objects.KindInvalid,
			"Creating servers with ports having resource requests, like a port with a QoS minimum bandwidth policy, is not supported until "+
				"microversion 2.72.")
	case oldest < buildsGroups && asked && p.placement.Grouped:
		return objects.OldForResourceGroups()
	}
	return nil
}
