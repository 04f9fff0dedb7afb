package lifecycle

import (
	"context"
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rpc"
)

// snapshotVolumes makes an image of a server that boots from a volume: one without
// content, whose block devices are snapshots of the server's volumes.
func (o *Ops) snapshotVolumes(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, name string, properties map[string]string, devices []*objects.Versioned) (string, error) {
	if err := (server.Guard{VM: imagable}).States(i, "createImage"); err != nil {
		return "", err
	}
	image, member := o.imageOf(caller, i, name, properties)
	for _, key := range []string{"container_format", "disk_format", "block_device_mapping", "bdm_v2", "root_device_name"} {
		delete(image, key)
	}
	if root := objects.OrZero(i.RootDeviceName); root != "" {
		image["root_device_name"] = root
	}
	var volumes []*objects.Versioned
	mapping := []map[string]any{}
	for _, d := range devices {
		switch {
		case d.Bool("no_device"):
		case d.Text("destination_type") == "volume":
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

// quiesce makes a running server's file systems consistent, if it can. Only where
// its image says os_require_quiesce, it must.
func (o *Ops) quiesce(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) (bool, error) {
	if objects.OrZero(i.VMState) != "active" {
		return false, nil
	}
	err := o.Servers.Compute.Quiesce(ctx, caller, i)
	if err == nil {
		return true, nil
	}
	if !objects.Truthy(i.SystemMetadata["image_os_require_quiesce"]) && rpc.KnownRemote(err) {
		o.Servers.Log.Info().Err(err).Str("instance", i.UUID).Msg("Skipping quiescing instance")
		return false, nil
	}
	if !rpc.KnownRemote(err) { // it may be frozen now
		if thaw := o.Servers.Compute.Unquiesce(ctx, caller, i, nil); thaw != nil {
			o.Servers.Log.Error().Err(thaw).Str("instance", i.UUID).Msg("Unquiescing failed")
		}
	}
	return false, remote(err, server.Kinds{
		objects.ErrInstanceQuiesceFailed: objects.KindConflict, objects.ErrInstanceQuiesceNotSupported: objects.KindConflict, objects.ErrQemuGuestAgentNotEnabled: objects.KindConflict,
	})
}

func (o *Ops) snapshotVolume(ctx context.Context, caller *reqctx.Caller, d *objects.Versioned, image string) (map[string]any, error) {
	v, err := o.Servers.Services.Volumes.Volume(ctx, caller, d.Text("volume_id"), "")
	if err != nil {
		return nil, err
	}
	s, err := o.Servers.Services.Volumes.CreateSnapshot(ctx, caller, cinder.NewSnapshot{VolumeID: v.ID, Name: "snapshot for " + image, Description: v.Description, Force: true})
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	for _, key := range mapped {
		m[key] = nil
	}
	for _, key := range []string{"disk_bus", "device_type", "boot_index", "delete_on_termination", "volume_size", "device_name"} {
		m[key] = d.Data[key]
	}
	m["source_type"], m["destination_type"], m["snapshot_id"] = "snapshot", "volume", s.ID
	return m, nil
}

// mapped are the fields of a block device that images keep.
var mapped = []string{"source_type", "destination_type", "guest_format", "device_type", "disk_bus", "boot_index", "device_name", "delete_on_termination",
	"snapshot_id", "volume_id", "volume_size", "image_id", "no_device", "tag", "volume_type", "encrypted", "encryption_secret_uuid", "encryption_format", "encryption_options"}

func imageMapping(d *objects.Versioned) map[string]any {
	m := map[string]any{}
	for _, key := range mapped {
		if v, ok := d.Data[key]; ok {
			m[key] = v
		}
	}
	return m
}
