package records

import (
	"context"
	"database/sql"
	"maps"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/versioned"
)

// Device is a block device of a server. Columns that may be NULL are pointers.
type Device struct {
	ID                                  int64
	UUID                                string
	Source, Destination                 string
	VolumeID, SnapshotID, ImageID       *string
	Name, AttachmentID, Tag, VolumeType *string
	GuestFormat                         *string
	Size, BootIndex                     *int64
	DeleteOnTermination                 bool
}

// Devices returns the block devices of a server.
func (r *Records) Devices(ctx context.Context, server string) ([]*Device, error) {
	var list []*Device
	err := db.Each(ctx, r.cell(), func(rows *sql.Rows) error {
		d := &Device{}
		var id, source, destination sql.NullString
		var remove sql.NullBool
		if err := rows.Scan(&d.ID, &id, &source, &destination, &d.VolumeID, &d.SnapshotID, &d.ImageID, &d.Name, &d.AttachmentID, &d.Tag,
			&d.VolumeType, &d.Size, &d.BootIndex, &remove, &d.GuestFormat); err != nil {
			return err
		}
		d.UUID, d.Source, d.Destination, d.DeleteOnTermination = id.String, source.String, destination.String, remove.Bool
		list = append(list, d)
		return nil
	}, "SELECT id, uuid, source_type, destination_type, volume_id, snapshot_id, image_id, device_name, attachment_id, tag, volume_type, "+
		"volume_size, boot_index, delete_on_termination, guest_format FROM block_device_mapping WHERE instance_uuid = ? AND deleted = 0 "+
		"ORDER BY id", server)
	return list, err
}

// UpdateDevice changes the row of a block device.
func (r *Records) UpdateDevice(ctx context.Context, id int64, set Row) error {
	_, err := update(ctx, r.cell(), "block_device_mapping", set, "id = ?", id)
	return err
}

// AddDevice inserts a block device of a server and returns it as a versioned object.
func (r *Records) AddDevice(ctx context.Context, server string, row Row) (*versioned.Object, error) {
	now := db.Now(ctx)
	row["created_at"], row["instance_uuid"], row["deleted"], row["uuid"] = now, server, 0, uuid.NewString()
	id, err := insert(ctx, r.Cell1.DB, r.cell(), "block_device_mapping", row)
	if err != nil {
		return nil, err
	}
	data := map[string]any{"id": id, "updated_at": nil, "deleted_at": nil}
	for _, column := range deviceColumns {
		data[column] = nil
	}
	maps.Copy(data, row)
	data["deleted"], data["created_at"] = false, now
	return versioned.Loaded("BlockDeviceMapping", data), nil
}

// RemoveDevice marks a block device as deleted.
func (r *Records) RemoveDevice(ctx context.Context, id int64) error {
	_, err := update(ctx, r.cell(), "block_device_mapping", Row{"deleted": id, "deleted_at": db.Now(ctx)}, "id = ?", id)
	return err
}

// Interface is a virtual interface of a server. Tag may be "".
type Interface struct{ Port, MAC, Tag string }

// AddInterface inserts a virtual interface of a server.
func (r *Records) AddInterface(ctx context.Context, server string, i Interface) error {
	row := Row{"created_at": db.Now(ctx), "address": i.MAC + "/" + i.Port, "uuid": i.Port, "instance_uuid": server, "deleted": 0}
	if i.Tag != "" {
		row["tag"] = i.Tag
	}
	_, err := insert(ctx, r.Cell1.DB, r.cell(), "virtual_interfaces", row)
	return err
}

// Interfaces returns the ports of a server in the order in which they were attached.
func (r *Records) Interfaces(ctx context.Context, server string) ([]string, error) {
	var list []string
	err := db.Each(ctx, r.cell(), func(rows *sql.Rows) error {
		var port string
		err := rows.Scan(&port)
		list = append(list, port)
		return err
	}, "SELECT uuid FROM virtual_interfaces WHERE instance_uuid = ? AND deleted = 0 AND uuid IS NOT NULL ORDER BY id", server)
	return list, err
}

// RemoveInterface marks a virtual interface as deleted.
func (r *Records) RemoveInterface(ctx context.Context, server, port string) error {
	_, err := exec(ctx, r.cell(), "UPDATE virtual_interfaces SET deleted = id, deleted_at = ? WHERE instance_uuid = ? AND uuid = ? AND "+
		"deleted = 0", db.Now(ctx), server, port)
	return err
}
