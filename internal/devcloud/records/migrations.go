package records

import (
	"context"
	"database/sql"
	"errors"
	"maps"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/db"
)

// Migration is a move of a server from one host to another.
type Migration struct {
	ID           int64
	UUID         string
	Source, Dest string
	Kind, Status string // "resize", "migrating"
}

// AddMigration inserts a migration.
func (r *Records) AddMigration(ctx context.Context, s *State, m Migration, more Row) (*Migration, error) {
	m.UUID = uuid.NewString()
	row := Row{"created_at": db.Now(ctx), "uuid": m.UUID, "instance_uuid": s.UUID, "source_compute": m.Source, "source_node": m.Source,
		"status": m.Status, "migration_type": m.Kind,
		"hidden": false, "deleted": 0, "cross_cell_move": false}
	maps.Copy(row, more)
	var err error
	m.ID, err = insert(ctx, r.Cell1.DB, r.cell(), "migrations", row)
	return &m, err
}

// SetMigration changes the row of a migration.
func (r *Records) SetMigration(ctx context.Context, id int64, set Row) error {
	_, err := update(ctx, r.cell(), "migrations", set, "id = ?", id)
	return err
}

// Migration returns the migration with an id, or for id 0 the newest one of a server with one of
// the statuses, or nil.
func (r *Records) Migration(ctx context.Context, id int64, server string, statuses ...string) (*Migration, error) {
	where, args := "id = ?", []any{id}
	if id == 0 {
		where, args = "instance_uuid = ? AND status IN (?) AND deleted = 0 ORDER BY id DESC LIMIT 1", []any{server, db.In(statuses)}
	}
	m := &Migration{}
	var uid, source, dest, kind, status sql.NullString
	err := db.One(ctx, r.cell(), []any{&m.ID, &uid, &source, &dest, &kind, &status},
		"SELECT id, uuid, source_compute, dest_compute, migration_type, status FROM migrations WHERE "+where, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	m.UUID, m.Source, m.Dest, m.Kind, m.Status = uid.String, source.String, dest.String, kind.String, status.String
	return m, err
}
