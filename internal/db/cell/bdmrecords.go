package cell

import (
	"context"
	"database/sql"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// BlockDeviceRecords reads the block devices of a server as versioned objects, by row.
func BlockDeviceRecords(ctx context.Context, c *db.Cell, server string) ([]*objects.Versioned, error) {
	var list []*objects.Versioned
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		var id int64
		var uuid, source, destination, format, kind, bus, device, snapshot, volume, image, connection, tag, attachment, volumeType, secret, encryption, options *string
		var boot, size *int64
		var onTermination, noDevice, encrypted sql.NullBool
		var created, updated *time.Time
		if err := r.Scan(&id, &uuid, &source, &destination, &format, &kind, &bus, &boot, &device, &onTermination, &snapshot, &volume, &size, &image, &noDevice,
			&connection, &tag, &attachment, &volumeType, &encrypted, &secret, &encryption, &options, db.Time{P: &created}, db.Time{P: &updated}); err != nil {
			return err
		}
		list = append(list, objects.NewVersioned("BlockDeviceMapping", "1.21", map[string]any{"id": id, "uuid": uuid, "instance_uuid": server, "source_type": source,
			"destination_type": destination, "guest_format": format, "device_type": kind, "disk_bus": bus, "boot_index": boot, "device_name": device,
			"delete_on_termination": onTermination.Bool, "snapshot_id": snapshot, "volume_id": volume, "volume_size": size, "image_id": image,
			"no_device": noDevice.Bool, "connection_info": connection, "tag": tag, "attachment_id": attachment, "volume_type": volumeType,
			"encrypted": encrypted.Bool, "encryption_secret_uuid": secret, "encryption_format": encryption, "encryption_options": options,
			"created_at": created, "updated_at": updated, "deleted_at": nil, "deleted": false}))
		return nil
	}, `SELECT id, uuid, source_type, destination_type, guest_format, device_type, disk_bus, boot_index, device_name, delete_on_termination, snapshot_id, volume_id,
		volume_size, image_id, no_device, connection_info, tag, attachment_id, volume_type, encrypted, encryption_secret_uuid, encryption_format, encryption_options,
		created_at, updated_at FROM block_device_mapping WHERE instance_uuid = ? AND deleted = 0 ORDER BY id`, server)
	return list, err
}

// DestroyBlockDevice marks a block device as deleted.
func DestroyBlockDevice(ctx context.Context, c *db.Cell, id int64) error {
	_, err := db.Exec(ctx, c.DB, "UPDATE block_device_mapping SET deleted = id, deleted_at = ? WHERE id = ? AND deleted = 0", db.Now(), id)
	return err
}
