package attach

import (
	"context"

	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// CreateVolumeSnapshot makes the host of a volume's server create a snapshot of the volume. Cinder requests it if the
// hypervisor has the volume's file open. Errors: VolumeBDMNotFound, VolumeBDMIsMultiAttach, InstanceNotReady,
// InstanceInvalidState.
func (o *Ops) CreateVolumeSnapshot(ctx context.Context, caller *reqctx.Caller, volume string, info map[string]any) error {
	i, err := o.holder(ctx, volume)
	if err != nil {
		return err
	}
	if err := checkReady(i, "do_volume_snapshot_create"); err != nil {
		return err
	}
	return o.Servers.Compute.VolumeSnapshotCreate(ctx, caller, i, volume, info)
}

// DeleteVolumeSnapshot makes the host delete a snapshot of CreateVolumeSnapshot. Errors: as CreateVolumeSnapshot.
func (o *Ops) DeleteVolumeSnapshot(ctx context.Context, caller *reqctx.Caller, volume, snapshot string, info map[string]any) error {
	i, err := o.holder(ctx, volume)
	if err != nil {
		return err
	}
	if err := checkReady(i, "do_volume_snapshot_delete"); err != nil {
		return err
	}
	// The hypervisor can merge a snapshot into the file of the next one only while the guest runs.
	if info["merge_target_file"] != nil {
		if err := (server.Guard{VM: []string{"active"}}).States(i, "volume_snapshot_delete"); err != nil {
			return err
		}
	}
	return o.Servers.Compute.VolumeSnapshotDelete(ctx, caller, i, volume, snapshot, info)
}

// checkReady checks that a server is on a host, was launched and has no task state.
func checkReady(i *objects.Instance, action string) error {
	if i.Host == nil || *i.Host == "" {
		return objects.ErrInstanceNotReady.Errorf(objects.KindConflict, "Instance %s is not ready", i.UUID)
	}
	return server.Guard{}.States(i, action)
}

// holder returns the server that a volume is attached to, from the first cell that has it. Only the columns of its row are
// loaded.
func (o *Ops) holder(ctx context.Context, volume string) (*objects.Instance, error) {
	cells, err := o.Servers.Reader.Cells.All(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range cells {
		servers, err := cell.Holders(ctx, c, volume)
		switch {
		case err != nil:
			return nil, err
		case len(servers) > 1:
			return nil, objects.ErrVolumeBDMIsMultiAttach.Errorf(objects.KindInvalid,
				"Block Device Mapping %s is a multi-attach volume and is not valid for this operation.", volume)
		case len(servers) == 1:
			return cell.Instance(ctx, c, servers[0], cell.Load{Record: objects.PartRow})
		}
	}
	return nil, objects.ErrVolumeBDMNotFound.Errorf(objects.KindNotFound, "No volume Block Device Mapping with id %s.", volume)
}
