package lifecycle

import (
	"context"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rpc"
)

// snapshotVolumes creates an image of a server whose root disk is a volume. The image has no content; its block device
// mappings refer to snapshots of the server's volumes.
func (o *Ops) snapshotVolumes(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, name string, properties map[string]string,
	devices []*objects.BlockDevice) (string, error) {
	if err := (server.Guard{VM: snapshotStates}).States(i, "createImage"); err != nil {
		return "", err
	}
	image, member := o.imageOf(caller, i, name, properties)
	for _, key := range []string{"container_format", "disk_format", "block_device_mapping", "bdm_v2", "root_device_name"} {
		delete(image, key)
	}
	if root := objects.OrZero(i.RootDeviceName); root != "" {
		image["root_device_name"] = root
	}
	var volumes []*objects.BlockDevice
	mapping := []map[string]any{}
	for _, d := range devices {
		switch {
		case d.NoDevice:
		case d.OnVolume():
			volumes = append(volumes, d)
		default:
			mapping = append(mapping, imageMapping(d))
		}
	}
	if err := o.snapshotRoom(ctx, caller, len(volumes)); err != nil {
		return "", err
	}
	quiet, err := o.quiesce(ctx, caller, i)
	if err != nil {
		return "", err
	}
	a, err := o.Servers.Recorded(ctx, caller, i, "createImage")
	if err != nil {
		return "", err
	}
	err = o.Servers.Event(ctx, i, a, "api_snapshot_instance", func() error {
		for _, d := range volumes {
			m, err := o.snapshotVolume(ctx, caller, d, name)
			if err != nil {
				return err
			}
			mapping = append(mapping, m)
		}
		return nil
	})
	if quiet {
		if thaw := o.Servers.Compute.Unquiesce(ctx, caller, i, mapping); err == nil {
			err = thaw
		}
	}
	if err != nil {
		return "", err
	}
	if len(mapping) > 0 {
		text, err := json.Marshal(mapping)
		if err != nil {
			return "", err
		}
		image["block_device_mapping"], image["bdm_v2"] = string(text), "True"
	}
	return o.Servers.Services.Images.Activate(ctx, caller, image, member)
}

// snapshotRoom checks that Cinder's quota allows a number of further snapshots.
func (o *Ops) snapshotRoom(ctx context.Context, caller *reqctx.Caller, want int) error {
	if want == 0 {
		return nil
	}
	room, err := o.Servers.Services.Volumes.SnapshotRoom(ctx, caller)
	if err == nil && room >= 0 && int64(want) > room {
		err = objects.ErrOverQuota.Errorf(objects.KindOverQuota, "Quota exceeded for resources: snapshots")
	}
	return err
}

// quiesce asks the host to make the file systems of a running server consistent. It fails only if the image property
// os_require_quiesce is true; otherwise the snapshot continues without it.
func (o *Ops) quiesce(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (bool, error) {
	if objects.OrZero(i.VMState) != "active" {
		return false, nil
	}
	err := o.Servers.Compute.Quiesce(ctx, caller, i)
	if err == nil {
		return true, nil
	}
	if !pytext.Truthy(i.SystemMetadata["image_os_require_quiesce"]) && rpc.KnownRemote(err) {
		o.Servers.Log.Info().Err(err).Str("instance", i.UUID).Msg("Skipping quiescing instance")
		return false, nil
	}
	if !rpc.KnownRemote(err) { // the file systems may be frozen in spite of the error
		if thaw := o.Servers.Compute.Unquiesce(ctx, caller, i, nil); thaw != nil {
			o.Servers.Log.Error().Err(thaw).Str("instance", i.UUID).Msg("Unquiescing failed")
		}
	}
	return false, remoteError(err, server.Kinds{
		objects.ErrInstanceQuiesceFailed: objects.KindConflict, objects.ErrInstanceQuiesceNotSupported: objects.KindConflict,
		objects.ErrQemuGuestAgentNotEnabled: objects.KindConflict,
	})
}

// snapshotVolume creates a snapshot of a volume and returns its block device mapping.
func (o *Ops) snapshotVolume(ctx context.Context, caller *reqctx.Caller, d *objects.BlockDevice, image string) (map[string]any, error) {
	v, err := o.Servers.Services.Volumes.Volume(ctx, caller, objects.OrZero(d.VolumeID), "")
	if err != nil {
		return nil, err
	}
	s, err := o.Servers.Services.Volumes.CreateSnapshot(ctx, caller,
		cinder.NewSnapshot{VolumeID: v.ID, Name: "snapshot for " + image, Description: v.Description, Force: true})
	if err != nil {
		return nil, err
	}
	m := imageMapping(&objects.BlockDevice{DiskBus: d.DiskBus, DeviceType: d.DeviceType, BootIndex: d.BootIndex,
		DeleteOnTermination: d.DeleteOnTermination,
		VolumeSize:          d.VolumeSize, DeviceName: d.DeviceName, SourceType: new("snapshot"), DestinationType: new("volume"),
		SnapshotID: &s.ID})
	m["no_device"], m["encrypted"] = nil, nil
	return m, nil
}

// imageMapping returns a block device mapping in the form of image properties.
func imageMapping(d *objects.BlockDevice) map[string]any {
	return map[string]any{"source_type": d.SourceType, "destination_type": d.DestinationType, "guest_format": d.GuestFormat,
		"device_type": d.DeviceType,
		"disk_bus":    d.DiskBus, "boot_index": d.BootIndex, "device_name": d.DeviceName, "delete_on_termination": d.DeleteOnTermination,
		"snapshot_id": d.SnapshotID,
		"volume_id":   d.VolumeID, "volume_size": d.VolumeSize, "image_id": d.ImageID, "no_device": d.NoDevice, "tag": d.Tag,
		"volume_type": d.VolumeType,
		"encrypted":   d.Encrypted, "encryption_secret_uuid": d.EncryptionSecretUUID, "encryption_format": d.EncryptionFormat,
		"encryption_options": d.EncryptionOptions}
}
