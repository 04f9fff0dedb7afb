package records

import (
	"context"
	"database/sql"
)

// Share is a row of share_mapping: a share that is attached to a server.
type Share struct{ UUID, Server, ShareID, Status, Protocol string }

// Shares returns the shares of a server.
func (r *Records) Shares(ctx context.Context, server string) ([]Share, error) {
	return r.shares(ctx, "instance_uuid = ?", server)
}

// Users returns the rows of a share, of all servers.
func (r *Records) Users(ctx context.Context, share string) ([]Share, error) {
	return r.shares(ctx, "share_id = ?", share)
}

func (r *Records) shares(ctx context.Context, where string, arg any) ([]Share, error) {
	var list []Share
	err := r.Cell1.DB.Each(ctx, func(rows *sql.Rows) error {
		var s Share
		err := rows.Scan(&s.UUID, &s.Server, &s.ShareID, &s.Status, &s.Protocol)
		list = append(list, s)
		return err
	}, "SELECT uuid, instance_uuid, share_id, status, share_proto FROM share_mapping WHERE "+where+" ORDER BY id", arg)
	return list, err
}

// SetShare changes the status of a row of share_mapping.
func (r *Records) SetShare(ctx context.Context, uuid, status string) error {
	_, err := update(ctx, r.cell(), "share_mapping", Row{"status": status}, "uuid = ?", uuid)
	return err
}

// RemoveShare deletes a row of share_mapping.
func (r *Records) RemoveShare(ctx context.Context, uuid string) error {
	_, err := exec(ctx, r.cell(), "DELETE FROM share_mapping WHERE uuid = ?", uuid)
	return err
}
