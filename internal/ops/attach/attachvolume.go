package attach

import (
	"context"
	"errors"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/rpc/computerpc"
)

// attachByAPI does what nova-conductor does since 2026.1: it lets the host reserve a device name for a volume, reserves the
// volume in Cinder, and has the host attach it. It returns the name of the device.
func (o *Ops) attachByAPI(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, v *cinder.Volume,
	r VolumeRequest) (*string, error) {
	d, err := o.Servers.Compute.ReserveDevice(ctx, caller, i, computerpc.Reservation{Volume: v.ID, Device: r.Device, Tag: r.Tag,
		Multiattach: v.Multiattach})
	if _, late := errors.AsType[*rpc.TimeoutError](err); late {
		return nil, errors.Join(err, o.forget(ctx, i, v.ID))
	}
	if err != nil {
		return nil, remoteVolumeError(err)
	}
	err = o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		err := cell.SetDeleteOnTermination(ctx, c, d, r.DeleteOnTermination != false)
		if err == nil {
			err = o.attachReserved(ctx, caller, i, c, d, v, r)
		}
		if err != nil {
			return errors.Join(err, cell.DestroyBlockDevice(context.WithoutCancel(ctx), c, d.ID))
		}
		return nil
	})
	return d.DeviceName, err
}

// attachReserved attaches a volume for which the host has reserved a device.
func (o *Ops) attachReserved(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, c *db.Cell, d *objects.BlockDevice,
	v *cinder.Volume, r VolumeRequest) error {
	if err := o.sameZone(ctx, i, v); err != nil {
		return err
	}
	if v.Multiattach && !r.Multiattach {
		return objects.ErrMultiattachNotSupportedOldMicroversion.Errorf(objects.KindInvalid,
			"Multiattach volumes are only supported starting with compute API version 2.60.")
	}
	a, err := o.Volumes.CreateAttachment(ctx, caller, v.ID, i.UUID, nil)
	if err != nil {
		return err
	}
	if err := cell.SetAttachment(ctx, c, d.ID, a.ID); err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "attach_volume"); err != nil {
		return err
	}
	// The message has the device as it is in the database now.
	if d, err = o.device(ctx, i, v.ID); err != nil {
		return err
	}
	return o.Servers.Compute.AttachVolume(ctx, caller, i, d)
}

// forget removes the device that a host may have reserved before its reply was lost.
func (o *Ops) forget(ctx context.Context, i *objects.Instance, volume string) error {
	ctx = context.WithoutCancel(ctx)
	d, err := o.device(ctx, i, volume)
	if errors.Is(err, objects.ErrVolumeBDMNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.DestroyBlockDevice(ctx, c, d.ID) })
}

// sameZone checks without [cinder] cross_az_attach that server and volume are in the same availability zone.
func (o *Ops) sameZone(ctx context.Context, i *objects.Instance, v *cinder.Volume) error {
	if o.Servers.CrossZoneAttach {
		return nil
	}
	zone := objects.OrZero(i.AvailabilityZone)
	if host := objects.OrZero(i.Host); host != "" {
		of, err := o.Servers.Reader.Zones(ctx)
		if err != nil {
			return err
		}
		zone = of(host)
	}
	if zone == objects.OrZero(v.AvailabilityZone) {
		return nil
	}
	text := func(zone string) string {
		if zone == "" {
			return "None"
		}
		return zone
	}
	return errInvalidVolume("Instance %s and volume %s are not in the same availability_zone. Instance is in %s. Volume is in %s",
		i.UUID, v.ID, text(zone), text(objects.OrZero(v.AvailabilityZone)))
}
