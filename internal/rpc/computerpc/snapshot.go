package computerpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// VolumeSnapshotCreate lets the host of a server make a snapshot of an attached volume. info is
// Cinder's description, with the file to write.
func (c *Client) VolumeSnapshotCreate(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, volume string,
	info map[string]any) error {
	return c.cast(ctx, caller, i, "", "volume_snapshot_create", args{"instance": i, "volume_id": volume, "create_info": info})
}

// VolumeSnapshotDelete lets the host of a server merge a snapshot back into its volume.
func (c *Client) VolumeSnapshotDelete(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, volume, snapshot string,
	info map[string]any) error {
	return c.cast(ctx, caller, i, "", "volume_snapshot_delete",
		args{"instance": i, "volume_id": volume, "snapshot_id": snapshot, "delete_info": info})
}
