package api

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// SetQueuedForDelete writes whether a server is being deleted. Lists use this column while the
// server's cell is down. A missing mapping is not an error.
func SetQueuedForDelete(ctx context.Context, d *db.DB, uuid string, queued bool) error {
	_, err := db.Exec(ctx, d, "UPDATE instance_mappings SET queued_for_delete = ?, updated_at = ? WHERE instance_uuid = ?", queued,
		db.Now(ctx),
		uuid)
	return err
}

// TakeBuildRequest deletes the build request of a server, so that no conductor builds the server,
// and returns its block devices. ok is false if there is no build request: the server is in a
// cell already, or is deleted.
func TakeBuildRequest(ctx context.Context, d *db.DB, uuid string) (devices []*objects.BlockDevice, ok bool, err error) {
	var text []byte
	err = d.One(ctx, []any{&text}, "SELECT block_device_mappings FROM build_requests WHERE instance_uuid = ? AND instance IS NOT NULL", uuid)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	n, err := db.Exec(ctx, d, "DELETE FROM build_requests WHERE instance_uuid = ?", uuid)
	if err != nil || n == 0 {
		return nil, false, err
	}
	devices, err = versioned.ParseBlockDevices(text)
	return devices, true, err
}

// ChangeBuildRequest sets fields of the server in a build request. ok is false if there is no
// build request.
func ChangeBuildRequest(ctx context.Context, d *db.DB, uuid string, fields map[string]any) (ok bool, err error) {
	var text []byte
	err = d.One(ctx, []any{&text}, "SELECT instance FROM build_requests WHERE instance_uuid = ? AND instance IS NOT NULL", uuid)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	i, err := versioned.Parse(text)
	if err != nil {
		return false, err
	}
	for k, v := range fields {
		i.Set(k, v)
	}
	written, err := i.MarshalJSON()
	if err != nil {
		return false, err
	}
	n, err := db.Exec(ctx, d, "UPDATE build_requests SET instance = ?, updated_at = ? WHERE instance_uuid = ?", string(written), db.Now(ctx),
		uuid)
	return n > 0, err
}
