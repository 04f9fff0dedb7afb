package server

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Devices reads the block device mappings of a server.
func (o *Core) Devices(ctx context.Context, i *objects.Instance) ([]*objects.BlockDevice, error) {
	return o.Reader.Attachments(ctx, i)
}

// VolumeBacked reports whether the root disk of a server is a volume.
func VolumeBacked(i *objects.Instance, devices []*objects.BlockDevice) bool {
	for _, d := range devices {
		if d.Root() {
			return d.OnVolume()
		}
	}
	return i.ImageRef == ""
}

// VolumesInUse checks that Cinder reports the status in-use for all attached volumes. Errors: InvalidVolume.
func (o *Core) VolumesInUse(ctx context.Context, caller *reqctx.Caller, devices []*objects.BlockDevice) error {
	for _, d := range devices {
		id := objects.OrZero(d.VolumeID)
		if id == "" {
			continue
		}
		v, err := o.Services.Volumes.Volume(ctx, caller, id, "")
		if err != nil {
			return err
		}
		if v.Status != "in-use" {
			return objects.ErrInvalidVolume.Errorf(objects.KindConflict,
				"Invalid volume: volume '%s' status must be 'in-use'. Currently in '%s' status", v.ID, v.Status)
		}
	}
	return nil
}
