package cell

import (
	"context"
	"database/sql"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Holders returns the servers of a cell that have the volume as a block device.
func Holders(ctx context.Context, c *db.Cell, volume string) ([]string, error) {
	var list []string
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		var server string
		err := r.Scan(&server)
		list = append(list, server)
		return err
	}, "SELECT instance_uuid FROM block_device_mapping WHERE volume_id = ? AND deleted = 0 ORDER BY id", volume)
	return list, err
}

// CreateVolumeDevice inserts a block device of a server for a volume, without a device name, and
// returns its row id.
func CreateVolumeDevice(ctx context.Context, c *db.Cell, server, volume string, onTermination bool) (int64, error) {
	return c.DB.Insert(ctx, c.DB, `INSERT INTO block_device_mapping (created_at, instance_uuid, volume_id, source_type, destination_type,
		delete_on_termination,
		no_device, encrypted, uuid, deleted) VALUES (?, ?, ?, 'volume', 'volume', ?, ?, ?, ?, 0)`, db.Now(ctx), server, volume, onTermination,
		false, false, uuid.NewString())
}

// SetAttachment writes the id of Cinder's attachment of a block device.
func SetAttachment(ctx context.Context, c *db.Cell, id int64, attachment string) error {
	_, err := db.Exec(ctx, c.DB, "UPDATE block_device_mapping SET attachment_id = ?, updated_at = ? WHERE id = ?", attachment, db.Now(ctx), id)
	return err
}

// SetDeleteOnTermination writes whether the volume is deleted with its server.
func SetDeleteOnTermination(ctx context.Context, c *db.Cell, d *objects.BlockDevice, on bool) error {
	if d.DeleteOnTermination == on {
		return nil
	}
	_, err := db.Exec(ctx, c.DB, "UPDATE block_device_mapping SET delete_on_termination = ?, updated_at = ? WHERE id = ?", on,
		db.Now(ctx), d.ID)
	return err
}

// DestroyBlockDevice marks a block device as deleted.
func DestroyBlockDevice(ctx context.Context, c *db.Cell, id int64) error {
	_, err := db.Exec(ctx, c.DB, "UPDATE block_device_mapping SET deleted = id, deleted_at = ? WHERE id = ? AND deleted = 0", db.Now(ctx), id)
	return err
}
