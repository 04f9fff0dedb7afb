package cell

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// MigrationQuery selects migrations. The zero value with a Limit below 0 selects all.
type MigrationQuery struct {
	// Match has columns with the values that they must equal. "host" and "node" match the source
	// or the destination; "host" takes precedence over "source_compute". Other names are ignored.
	Match                       map[string]any
	ChangesSince, ChangesBefore *time.Time
	Sorted                      bool               // the newest first instead of by row
	After                       *objects.Migration // the last migration of the previous page
	Limit                       int                // below 0: no limit
}

var migrationColumns = []string{"uuid", "status", "source_compute", "migration_type", "hidden", "instance_uuid", "user_id", "project_id"}

// Migrations returns migrations of a cell.
func Migrations(ctx context.Context, c *db.Cell, q MigrationQuery) ([]*objects.Migration, error) {
	tail, args := q.tail()
	return selectMigrations(ctx, c, tail, args...)
}

// tail returns the conditions, the order and the limit.
func (q *MigrationQuery) tail() (string, []any) {
	w := conditions{}
	w.and("deleted = 0")
	for _, column := range migrationColumns {
		v, asked := q.Match[column]
		if _, both := q.Match["host"]; !asked || both && column == "source_compute" {
			continue
		}
		w.and(column+" = ?", v)
	}
	if host, asked := q.Match["host"]; asked {
		w.and("(source_compute = ? OR dest_compute = ?)", host, host)
	}
	if node, asked := q.Match["node"]; asked {
		w.and("(source_node = ? OR dest_node = ?)", node, node)
	}
	if q.ChangesSince != nil {
		w.and("updated_at >= ?", *q.ChangesSince)
	}
	if q.ChangesBefore != nil {
		w.and("updated_at <= ?", *q.ChangesBefore)
	}
	if m := q.After; m != nil && m.CreatedAt != nil {
		w.and("(created_at < ? OR created_at = ? AND (id < ? OR id = ? AND uuid > ?))", *m.CreatedAt, *m.CreatedAt, m.ID, m.ID, m.UUID)
	}
	order := " ORDER BY id"
	if q.Sorted {
		order = " ORDER BY created_at DESC, id DESC, uuid"
	}
	if q.Limit >= 0 {
		order += " LIMIT ?"
		w.args = append(w.args, q.Limit)
	}
	return w.text() + order, w.args
}

// MigrationsUnderWay returns the migrations of a host's node that are in progress. A resize ends
// when it is confirmed or reverted, or fails.
func MigrationsUnderWay(ctx context.Context, c *db.Cell, host, node string) ([]*objects.Migration, error) {
	return migrations(ctx, c, "(source_compute = ? AND source_node = ? OR dest_compute = ? AND dest_node = ?) AND status NOT IN "+
		"('confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done')",
		host, node, host, node)
}

// Migrations returns the migrations of all cells in the order of the query. A migration between
// cells has a row in both; the row that changed last is returned.
func (e Everywhere) Migrations(ctx context.Context, q MigrationQuery, marker string) ([]*objects.Migration, error) {
	if marker != "" {
		found, err := everywhere(ctx, e.Cells, func(ctx context.Context, c *db.Cell) ([]*objects.Migration, error) {
			return selectMigrations(ctx, c, "uuid = ? LIMIT 1", marker) // deleted ones, too
		})
		if err != nil {
			return nil, err
		}
		all := slices.Concat(found...)
		if len(all) == 0 {
			return nil, objects.ErrMarkerNotFound.Errorf(objects.KindInvalid, "Marker %s could not be found.", marker)
		}
		q.After = all[0]
	}
	cells, err := e.All(ctx)
	if err != nil {
		return nil, err
	}
	if q.Sorted && q.Limit >= 0 && len(cells) > 2 { // one of two cells is cell0, which has no migrations
		list, err := e.migrationPage(ctx, q)
		return newestByUUID(list), err
	}
	parts, err := everywhere(ctx, e.Cells, func(ctx context.Context, c *db.Cell) ([]*objects.Migration, error) {
		return Migrations(ctx, c, q)
	})
	all := slices.Concat(parts...)
	if err != nil || !q.Sorted {
		return all, err
	}
	slices.SortStableFunc(all, func(a, b *objects.Migration) int { return newer(a.CreatedAt, b.CreatedAt, a.ID, b.ID) })
	if q.Limit >= 0 && len(all) > q.Limit {
		all = all[:q.Limit]
	}
	return newestByUUID(all), nil
}

// newer compares migrations in the order of Sorted.
func newer(aCreated, bCreated *time.Time, a, b int64) int {
	return cmp.Or(timeOrZero(bCreated).Compare(timeOrZero(aCreated)), cmp.Compare(b, a))
}

// migrationKey is the position of a migration in a sorted list of all cells.
type migrationKey struct {
	cell    *db.Cell
	id      int64
	created *time.Time
}

// migrationPage returns the first migrations of all cells. It merges the keys of the first ones of
// each cell, and then reads the rows of those on the page. A migration that is archived meanwhile
// is missing.
func (e Everywhere) migrationPage(ctx context.Context, q MigrationQuery) ([]*objects.Migration, error) {
	parts, err := everywhere(ctx, e.Cells, func(ctx context.Context, c *db.Cell) ([]migrationKey, error) {
		tail, args := q.tail()
		var keys []migrationKey
		err := c.DB.Each(ctx, func(r *sql.Rows) error {
			k := migrationKey{cell: c}
			err := r.Scan(&k.id, db.Time{P: &k.created})
			keys = append(keys, k)
			return err
		}, "SELECT id, created_at FROM migrations WHERE "+tail, args...)
		return keys, err
	})
	if err != nil {
		return nil, err
	}
	keys := slices.Concat(parts...)
	slices.SortStableFunc(keys, func(a, b migrationKey) int { return newer(a.created, b.created, a.id, b.id) })
	keys = keys[:min(q.Limit, len(keys))]
	ids := map[*db.Cell][]int64{}
	var cells []*db.Cell
	for _, k := range keys {
		if ids[k.cell] == nil {
			cells = append(cells, k.cell)
		}
		ids[k.cell] = append(ids[k.cell], k.id)
	}
	rows := map[*db.Cell]map[int64]*objects.Migration{}
	for _, r := range db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) ([]*objects.Migration, error) {
		return selectMigrations(ctx, c, "id IN (?)", db.In(ids[c]))
	}) {
		if r.Err != nil && (ctx.Err() != nil || !db.Unanswered(r.Err)) {
			return nil, r.Err
		}
		rows[r.Cell] = map[int64]*objects.Migration{}
		for _, m := range r.Value {
			rows[r.Cell][m.ID] = m
		}
	}
	list := make([]*objects.Migration, 0, len(keys))
	for _, k := range keys {
		if m := rows[k.cell][k.id]; m != nil {
			list = append(list, m)
		}
	}
	return list, nil
}

// newestByUUID keeps the migration of each UUID that changed last, at the position of the first.
func newestByUUID(list []*objects.Migration) []*objects.Migration {
	place := map[string]int{}
	var kept []*objects.Migration
	for _, m := range list {
		if m.UUID == nil {
			kept = append(kept, m)
			continue
		}
		n, twice := place[*m.UUID]
		if !twice {
			place[*m.UUID] = len(kept)
			kept = append(kept, m)
			continue
		}
		if changeTime(m).After(changeTime(kept[n])) {
			kept[n] = m
		}
	}
	return kept
}

// changeTime returns updated_at, or created_at if that is NULL.
func changeTime(m *objects.Migration) time.Time {
	if m.UpdatedAt != nil {
		return *m.UpdatedAt
	}
	return timeOrZero(m.CreatedAt)
}

func timeOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func selectMigrations(ctx context.Context, c *db.Cell, tail string, args ...any) ([]*objects.Migration, error) {
	var list []*objects.Migration
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		m := &objects.Migration{}
		list = append(list, m)
		return r.Scan(&m.ID, &m.UUID, &m.InstanceUUID, &m.SourceCompute, &m.DestCompute, &m.DestComputeID, &m.SourceNode, &m.DestNode,
			&m.DestHost, &m.Status, &m.Type, &m.UserID, &m.ProjectID,
			&m.MemoryTotal, &m.MemoryDone, &m.MemoryLeft, &m.DiskTotal, &m.DiskDone, &m.DiskLeft, &m.OldInstanceTypeID, &m.NewInstanceTypeID,
			nullBool{&m.Hidden}, nullBool{&m.CrossCell}, db.Time{P: &m.CreatedAt}, db.Time{P: &m.UpdatedAt})
	}, "SELECT id, uuid, instance_uuid, source_compute, dest_compute, dest_compute_id, source_node, dest_node, dest_host, status, "+
		"migration_type, user_id, project_id, memory_total, memory_processed, memory_remaining, disk_total, disk_processed, disk_remaining, "+
		"old_instance_type_id, new_instance_type_id, hidden, cross_cell_move, created_at, updated_at FROM migrations WHERE "+tail, args...)
	return list, err
}
