package cell

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// ActiveBetween returns the servers that existed in a period, deleted ones included, with their
// flavors. They are ordered by cell, project and UUID, and begin after the marker. Unlike other
// lists it fails if a cell does not answer, because the result is used for billing.
func (e Everywhere) ActiveBetween(ctx context.Context, w objects.UsageWindow) ([]*objects.Instance, error) {
	cells, err := e.All(ctx)
	if err != nil {
		return nil, err
	}
	marker := &objects.Instance{}
	if w.Marker != "" {
		if marker, cells, err = cellsFromMarker(ctx, cells, w.Marker); err != nil {
			return nil, err
		}
	}
	return db.FirstOf(ctx, cells, w.Limit, func(ctx context.Context, c *db.Cell, limit int) ([]*objects.Instance, error) {
		q := w
		q.Limit = limit
		if c == cells[0] {
			return activeBetween(ctx, c, q, marker)
		}
		return activeBetween(ctx, c, q, &objects.Instance{})
	})
}

// cellsFromMarker returns the marker and the cells from the first one that has it.
func cellsFromMarker(ctx context.Context, cells []*db.Cell, uuid string) (*objects.Instance, []*db.Cell, error) {
	found := db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) (*objects.Instance, error) {
		i := &objects.Instance{}
		err := c.DB.One(ctx, []any{&i.UUID, nullText{&i.ProjectID}}, "SELECT uuid, project_id FROM instances WHERE uuid = ?", uuid)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		return i, err
	})
	for n, r := range found {
		if r.Err != nil {
			return nil, nil, r.Err
		}
		if r.Value != nil {
			return r.Value, cells[n:], nil
		}
	}
	return nil, nil, objects.ErrMarkerNotFound.Errorf(objects.KindInvalid, "Marker %s could not be found.", uuid)
}

func activeBetween(ctx context.Context, c *db.Cell, w objects.UsageWindow, marker *objects.Instance) ([]*objects.Instance, error) {
	where, args := " WHERE (i.terminated_at IS NULL OR i.terminated_at > ?) AND i.launched_at < ?", []any{w.Begin, w.End}
	if w.Project != "" {
		where, args = where+" AND i.project_id = ?", append(args, w.Project)
	}
	if marker.UUID != "" {
		where, args = where+" AND (i.project_id > ? OR i.project_id = ? AND i.uuid > ?)",
			append(args, marker.ProjectID, marker.ProjectID, marker.UUID)
	}
	s := newInstanceScanner(Load{Brief: true, Extra: true}, "project_id", "launched_at", "terminated_at", "vm_state")
	return readInstances(ctx, c, s, s.selects()+where+" ORDER BY i.project_id, i.uuid LIMIT ?", append(args, w.Limit)...)
}

// Audits reads the usage audit from the database of [database] connection. Nova does not query
// cells for it either.
type Audits struct{ DB *db.DB }

// AuditTasks returns the audit tasks of nova-computes for a period.
func (a Audits) AuditTasks(ctx context.Context, begin, end time.Time) ([]objects.AuditTask, error) {
	var list []objects.AuditTask
	err := a.DB.Each(ctx, func(r *sql.Rows) error {
		var t objects.AuditTask
		var items, failed sql.NullInt64
		err := r.Scan(&t.Host, &t.State, &t.Message, &items, &failed)
		t.Items, t.Errors = items.Int64, failed.Int64
		list = append(list, t)
		return err
	}, "SELECT host, state, message, task_items, errors FROM task_log WHERE deleted = 0 AND task_name = 'instance_usage_audit' AND "+
		"period_beginning = ? AND period_ending = ? ORDER BY id", begin, end)
	return list, err
}

// ComputeHosts returns the hosts of the services with the topic "compute".
func (a Audits) ComputeHosts(ctx context.Context) ([]string, error) {
	var hosts []string
	err := a.DB.Each(ctx, func(r *sql.Rows) error {
		var host sql.NullString
		err := r.Scan(&host)
		hosts = append(hosts, host.String)
		return err
	}, "SELECT host FROM services WHERE deleted = 0 AND ? = 'compute' ORDER BY host", bun.Ident("topic"))
	return slices.Compact(hosts), err
}
