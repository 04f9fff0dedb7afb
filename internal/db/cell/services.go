package cell

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// ServiceQuery selects services. The zero value selects all.
type ServiceQuery struct {
	ID     int64
	UUID   string
	Hosts  []string
	Binary string
	Topic  string
}

const serviceColumns = "id, uuid, host, binary_, topic, report_count, disabled, disabled_reason, forced_down, last_seen_up, created_at, " +
	"updated_at, version"

// Services returns services of a cell, by id.
func Services(ctx context.Context, c *db.Cell, q ServiceQuery) ([]*objects.Service, error) {
	where, args := []string{"deleted = 0"}, []any{bun.Ident("binary")}
	if q.ID != 0 {
		where, args = append(where, "id = ?"), append(args, q.ID)
	}
	if q.UUID != "" {
		where, args = append(where, "uuid = ?"), append(args, q.UUID)
	}
	if len(q.Hosts) > 0 {
		where, args = append(where, "host IN (?)"), append(args, db.In(q.Hosts))
	}
	if q.Binary != "" {
		where, args = append(where, "? = ?"), append(args, bun.Ident("binary"), q.Binary)
	}
	if q.Topic != "" {
		where, args = append(where, "topic = ?"), append(args, q.Topic)
	}
	var list []*objects.Service
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		s := &objects.Service{Cell: c.UUID}
		var uuid, host, binary sql.NullString
		var disabled, forced sql.NullBool
		var count, version sql.NullInt64
		if err := r.Scan(&s.ID, &uuid, &host, &binary, &s.Topic, &count, &disabled, &s.DisabledReason, &forced, db.Time{P: &s.LastSeenUp},
			db.Time{P: &s.CreatedAt}, db.Time{P: &s.UpdatedAt}, &version); err != nil {
			return err
		}
		s.UUID, s.Host, s.Binary = uuid.String, host.String, binary.String
		s.ReportCount, s.Version = count.Int64, version.Int64
		s.Disabled, s.ForcedDown = disabled.Bool, forced.Bool
		list = append(list, s)
		return nil
	}, "SELECT "+strings.Replace(serviceColumns, "binary_", "?", 1)+" FROM services WHERE "+strings.Join(where, " AND ")+" ORDER BY id",
		args...)
	return list, err
}

// MinimumVersion returns the lowest version of the services with a binary that are not forced
// down, or 0 if there are none.
func MinimumVersion(ctx context.Context, c *db.Cell, binary string) (int64, error) {
	var v sql.NullInt64
	err := c.DB.One(ctx, []any{&v}, "SELECT MIN(version) FROM services WHERE deleted = 0 AND ? = ? AND forced_down = ?",
		bun.Ident("binary"), binary, false)
	return v.Int64, err
}

// MinimumVersion returns the lowest version in all cells that answer, or 0 if there are no
// services. Errors of cells are ignored.
func (e Everywhere) MinimumVersion(ctx context.Context, binary string) (int64, error) {
	cells, err := e.All(ctx)
	if err != nil {
		return 0, err
	}
	var oldest int64
	for _, r := range db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) (int64, error) {
		return MinimumVersion(ctx, c, binary)
	}) {
		if r.Err == nil && r.Value != 0 && (oldest == 0 || r.Value < oldest) {
			oldest = r.Value
		}
	}
	return oldest, nil
}

// UpsertService inserts the row of a service of this program (made is true), or sets its version.
func UpsertService(ctx context.Context, d *db.DB, s *objects.Service) (made bool, err error) {
	var id, old int64
	err = d.One(ctx, []any{&id, &old}, "SELECT id, version FROM services WHERE deleted = 0 AND host = ? AND ? = ?", s.Host,
		bun.Ident("binary"), s.Binary)
	switch {
	case err == nil && old != s.Version:
		_, err = db.Exec(ctx, d, "UPDATE services SET updated_at = ?, version = ? WHERE id = ?", db.Now(ctx), s.Version, id)
	case errors.Is(err, sql.ErrNoRows):
		_, err = d.Insert(ctx, d, "INSERT INTO services (created_at, host, ?, report_count, disabled, forced_down, version, uuid, deleted) "+
			"VALUES (?, ?, ?, 0, ?, ?, ?, ?, 0)",
			bun.Ident("binary"), db.Now(ctx), s.Host, s.Binary, false, false, s.Version, s.UUID)
		if _, raced := db.Duplicate(err); raced {
			return false, nil // another process of the service has inserted the row
		}
		made = err == nil
	}
	return made, err
}

// HasNode tells whether a host has a compute node with this name.
func HasNode(ctx context.Context, c *db.Cell, host, node string) (bool, error) {
	var n int64
	err := c.DB.One(ctx, []any{&n}, "SELECT COUNT(*) FROM compute_nodes WHERE deleted = 0 AND host = ? AND hypervisor_hostname = ?", host,
		node)
	return n > 0, err
}
