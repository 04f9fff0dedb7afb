package cell

import (
	"context"
	"database/sql"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// HasShares tells whether a server has a share mapping.
func HasShares(ctx context.Context, c *db.Cell, server string) (bool, error) {
	var n int64
	err := c.DB.One(ctx, []any{&n}, "SELECT COUNT(*) FROM share_mapping WHERE instance_uuid = ?", server)
	return n > 0, err
}

// Shares returns the share mappings of a server, by row.
func Shares(ctx context.Context, c *db.Cell, server string) ([]*objects.Share, error) {
	var list []*objects.Share
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		s := &objects.Share{}
		list = append(list, s)
		return r.Scan(&s.ID, nullText{&s.UUID}, &s.InstanceUUID, nullText{&s.ShareID}, nullText{&s.Status}, nullText{&s.Tag},
			nullText{&s.ExportLocation},
			nullText{&s.Protocol},
			db.Time{P: &s.CreatedAt}, db.Time{P: &s.UpdatedAt})
	}, "SELECT id, uuid, instance_uuid, share_id, status, tag, export_location, share_proto, created_at, updated_at FROM share_mapping "+
		"WHERE instance_uuid = ? ORDER BY id", server)
	return list, err
}

// CreateShare inserts a share mapping. If the server already has the share, or another one with
// the same tag, the error is ShareMappingAlreadyExists.
func CreateShare(ctx context.Context, c *db.Cell, s *objects.Share) error {
	now := db.Now(ctx)
	id, err := c.DB.Insert(ctx, c.DB, "INSERT INTO share_mapping (created_at, uuid, instance_uuid, share_id, status, tag, export_location, "+
		"share_proto) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		now, s.UUID, s.InstanceUUID, s.ShareID, s.Status, s.Tag, s.ExportLocation, s.Protocol)
	if _, duplicate := db.Duplicate(err); duplicate {
		return objects.ErrShareMappingAlreadyExists.Errorf(objects.KindConflict, "Share '%s' or tag '%s' already associated to this server.",
			s.ShareID, s.Tag)
	}
	s.ID, s.CreatedAt = id, &now
	return err
}

// SetShareStatus changes the status of a share mapping. The row is not written if it has that
// status.
func SetShareStatus(ctx context.Context, c *db.Cell, s *objects.Share, status string) error {
	if s.Status == status {
		return nil
	}
	now := db.Now(ctx)
	_, err := db.Exec(ctx, c.DB, "UPDATE share_mapping SET status = ?, updated_at = ? WHERE id = ?", status, now, s.ID)
	if err == nil {
		s.Status, s.UpdatedAt = status, &now
	}
	return err
}
