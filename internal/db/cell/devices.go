package cell

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// BlockDevices returns the block devices of a server, by row.
func BlockDevices(ctx context.Context, c *db.Cell, server string) ([]*objects.BlockDevice, error) {
	var list []*objects.BlockDevice
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		b := &objects.BlockDevice{}
		list = append(list, b)
		return r.Scan(&b.ID, &b.UUID, &b.InstanceUUID, &b.SourceType, &b.DestinationType, &b.GuestFormat, &b.DeviceType, &b.DiskBus,
			&b.BootIndex, &b.DeviceName,
			nullBool{&b.DeleteOnTermination}, &b.SnapshotID, &b.VolumeID, &b.VolumeSize, &b.ImageID, nullBool{&b.NoDevice},
			&b.ConnectionInfo, &b.Tag,
			&b.AttachmentID,
			&b.VolumeType, nullBool{&b.Encrypted}, &b.EncryptionSecretUUID, &b.EncryptionFormat, &b.EncryptionOptions, db.Time{P: &b.CreatedAt},
			db.Time{P: &b.UpdatedAt})
	}, `SELECT id, uuid, instance_uuid, source_type, destination_type, guest_format, device_type, disk_bus, boot_index, device_name,
		delete_on_termination, snapshot_id,
		volume_id, volume_size, image_id, no_device, connection_info, tag, attachment_id, volume_type, encrypted, encryption_secret_uuid,
			encryption_format,
		encryption_options, created_at, updated_at FROM block_device_mapping WHERE instance_uuid = ? AND deleted = 0 ORDER BY id`, server)
	return list, err
}

// VIFTags returns the tags of a server's virtual interfaces by the ids of their ports.
func VIFTags(ctx context.Context, c *db.Cell, server string) (map[string]*string, error) {
	tags := map[string]*string{}
	return tags, c.DB.Each(ctx, func(r *sql.Rows) error {
		var port string
		var tag *string
		err := r.Scan(&port, &tag)
		tags[port] = tag
		return err
	}, "SELECT uuid, tag FROM virtual_interfaces WHERE instance_uuid = ? AND deleted = 0", server)
}

// Topology returns the NUMA topology of a server, or nil.
func Topology(ctx context.Context, c *db.Cell, server string) (*objects.NUMATopology, error) {
	var column []byte
	err := c.DB.One(ctx, []any{&column}, "SELECT numa_topology FROM instance_extra WHERE instance_uuid = ?", server)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return versioned.ParseNUMATopology(column)
}

// LiveMigrations returns the live migrations of a server that are in progress.
func LiveMigrations(ctx context.Context, c *db.Cell, server string) ([]*objects.Migration, error) {
	return migrations(ctx, c, "instance_uuid = ? AND migration_type = 'live-migration' AND status IN ('queued', 'preparing', 'running', "+
		"'post-migrating')", server)
}

// MigrationOf returns one migration of a server, or nil.
func MigrationOf(ctx context.Context, c *db.Cell, server string, id int64) (*objects.Migration, error) {
	list, err := migrations(ctx, c, "instance_uuid = ? AND id = ?", server, id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// MigrationIn returns the migration of a server with one of the given statuses, preferring the
// first one, or nil.
func MigrationIn(ctx context.Context, c *db.Cell, server string, statuses ...string) (*objects.Migration, error) {
	list, err := migrations(ctx, c, "instance_uuid = ? AND status IN (?)", server, db.In(statuses))
	if err != nil {
		return nil, err
	}
	for _, status := range statuses {
		for _, m := range list {
			if objects.OrZero(m.Status) == status {
				return m, nil
			}
		}
	}
	return nil, nil
}

// Migration returns the migration with a row id, or nil.
func Migration(ctx context.Context, c *db.Cell, id int64) (*objects.Migration, error) {
	list, err := migrations(ctx, c, "id = ?", id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func migrations(ctx context.Context, c *db.Cell, where string, args ...any) ([]*objects.Migration, error) {
	return selectMigrations(ctx, c, "deleted = 0 AND "+where+" ORDER BY id", args...)
}
