// Package attach attaches volumes, interfaces, floating IPs and shares to servers, and detaches them. It does not depend
// on HTTP.
package attach

import (
	"context"
	"slices"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
)

// Ops attaches and detaches devices. Each operation takes a server that was loaded as a record.
type Ops struct {
	Servers  *server.Core
	Volumes  Volumes
	Ports    Ports
	Floating Floating
	Manila   Manila
}

// Volumes is the client of Cinder.
type Volumes interface {
	Volume(ctx context.Context, caller *reqctx.Caller, id, version string) (*cinder.Volume, error)
	BeginDetaching(ctx context.Context, caller *reqctx.Caller, id string) error
	RollDetaching(ctx context.Context, caller *reqctx.Caller, id string) error
	CreateAttachment(ctx context.Context, caller *reqctx.Caller, volume, server string, connector map[string]any) (*cinder.Attachment, error)
	Attachment(ctx context.Context, caller *reqctx.Caller, id string) (*cinder.Attachment, error)
	CompleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error
	DeleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error
	DeleteVolume(ctx context.Context, caller *reqctx.Caller, id string) error
}

// Ports is the client of Neutron.
type Ports interface {
	// Port returns a port that the caller may see. Errors: PortNotFound.
	Port(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Port, error)
	// Grouped reports whether Neutron has the extension with which ports request resource groups of Placement.
	Grouped(ctx context.Context) (bool, error)
}

func errInvalidVolume(format string, a ...any) error {
	return objects.ErrInvalidVolume.Errorf(objects.KindInvalid, "Invalid volume: "+format, a...)
}

// device returns the block device mapping of a volume that is attached to the server. Errors: VolumeBDMNotFound.
func (o *Ops) device(ctx context.Context, i *objects.Instance, volume string) (*objects.BlockDevice, error) {
	devices, err := o.Servers.Devices(ctx, i)
	if err != nil {
		return nil, err
	}
	for _, d := range devices {
		if objects.OrZero(d.VolumeID) == volume {
			return d, nil
		}
	}
	return nil, objects.ErrVolumeBDMNotFound.Errorf(objects.KindNotFound, "No volume Block Device Mapping with id %s.", volume)
}

// remoteKinds maps the exceptions of nova-conductor and nova-compute to the kinds of errors that clients receive.
var remoteKinds = server.Kinds{
	objects.ErrVolumeNotFound: objects.KindNotFound, objects.ErrDevicePathInUse: objects.KindConflict,
	objects.ErrInstanceIsLocked: objects.KindConflict, objects.ErrInvalidVolume: objects.KindInvalid,
	objects.ErrInvalidDevicePath:                      objects.KindInvalid,
	objects.ErrVolumeTaggedAttachNotSupported:         objects.KindInvalid,
	objects.ErrMultiattachNotSupportedOldMicroversion: objects.KindInvalid, objects.ErrMultiattachToShelvedNotSupported: objects.KindInvalid,
	objects.ErrTooManyDiskDevices:             objects.KindForbidden,
	objects.ErrInterfaceAttachFailedNoNetwork: objects.KindInvalid, objects.ErrNetworkAmbiguous: objects.KindInvalid,
	objects.ErrNoMoreFixedIPs: objects.KindInvalid, objects.ErrPortNotUsable: objects.KindInvalid,
	objects.ErrAttachInterfaceNotSupported: objects.KindInvalid, objects.ErrAttachInterfaceWithQoSPolicyNotSupported: objects.KindInvalid,
	objects.ErrSecurityGroupCannotBeApplied: objects.KindInvalid, objects.ErrNetworkInterfaceTaggedAttachNotSupported: objects.KindInvalid,
	objects.ErrNetworksWithQoSPolicyNotSupported: objects.KindInvalid, objects.ErrInterfaceAttachPciClaimFailed: objects.KindInvalid,
	objects.ErrInterfaceAttachResourceAllocationFailed: objects.KindInvalid,
	objects.ErrForbiddenPortsWithAccelerator:           objects.KindInvalid, objects.ErrForbiddenWithRemoteManagedPorts: objects.KindInvalid,
	objects.ErrExtendedResourceRequestOldCompute: objects.KindInvalid,
	objects.ErrFixedIPAlreadyInUse:               objects.KindConflict, objects.ErrPortInUse: objects.KindConflict,
	objects.ErrPortNotFound: objects.KindNotFound, objects.ErrNetworkNotFound: objects.KindNotFound,
	objects.ErrPortLimitExceeded: objects.KindForbidden, objects.ErrExternalNetworkAttachForbidden: objects.KindForbidden,
	objects.ErrForbidden: objects.KindForbidden, objects.ErrInterfaceAttachFailed: objects.KindFailed,
	objects.ErrInstanceNotFound: objects.KindNotFound, objects.ErrInstanceNotReady: objects.KindConflict,
}

// remoteError converts an exception of another service into a domain error.
func remoteError(err error) error { return server.Remote(err, remoteKinds) }

// remoteVolumeError converts an exception about a volume into a domain error. Nova shows InvalidInput, with which its
// client of Cinder rejects a volume, for volumes only.
func remoteVolumeError(err error) error {
	return server.Remote(remoteError(err), server.Kinds{objects.ErrInvalidInput: objects.KindInvalid})
}

// alone rejects a volume that is already attached: to any server of the cell, or for a multiattach volume to this server.
// Errors: InvalidVolume.
func (o *Ops) alone(ctx context.Context, i *objects.Instance, v *cinder.Volume) error {
	var holders []string
	err := o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) (err error) {
		holders, err = cell.Holders(ctx, c, v.ID)
		return err
	})
	if err != nil || len(holders) == 0 {
		return err
	}
	if !v.Multiattach {
		return errInvalidVolume("volume %s is already attached to instances: %s", v.ID, joinWords(holders))
	}
	if slices.Contains(holders, i.UUID) {
		return errInvalidVolume("volume %s already attached", v.ID)
	}
	return nil
}
