package server

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Devices reads the block devices of a server as versioned objects.
func (o *Core) Devices(ctx context.Context, i *objects.Instance) ([]*objects.Versioned, error) {
	return In(ctx, o.Reader, i, func(ctx context.Context, c *db.Cell) ([]*objects.Versioned, error) {
		return cell.BlockDeviceRecords(ctx, c, i.UUID)
	})
}

// VolumeBacked tells whether a server boots from a volume.
func VolumeBacked(i *objects.Instance, devices []*objects.Versioned) bool {
	for _, d := range devices {
		if boot, ok := d.Int("boot_index"); ok && boot == 0 {
			return d.Text("destination_type") == "volume"
		}
	}
	return i.ImageRef == ""
}

// VolumesInUse wants that Cinder knows of all attachments, or answers InvalidVolume.
func (o *Core) VolumesInUse(ctx context.Context, caller *reqctx.Caller, devices []*objects.Versioned) error {
	for _, d := range devices {
		id := d.Text("volume_id")
		if id == "" {
			continue
		}
		v, err := o.Services.Volumes.Volume(ctx, caller, id, "")
		if err != nil {
			return err
		}
		if v.Status != "in-use" {
			return objects.ErrInvalidVolume.Errorf(objects.KindConflict, "Invalid volume: volume '%s' status must be 'in-use'. Currently in '%s' status", v.ID, v.Status)
		}
	}
	return nil
}
