package api

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Mapping is a row of instance_mappings: which cell a server is in.
type Mapping struct {
	UUID, ProjectID string
	UserID          *string
	CellID          *int64 // nil until the server is scheduled
	QueuedForDelete bool
	CreatedAt       *time.Time
}

const mappingColumns = "instance_uuid, project_id, user_id, cell_id, queued_for_delete, created_at"

func scanMapping(r *sql.Rows) (*Mapping, error) {
	m := &Mapping{}
	var queued sql.NullBool
	err := r.Scan(&m.UUID, &m.ProjectID, &m.UserID, &m.CellID, &queued, db.Time{P: &m.CreatedAt})
	m.QueuedForDelete = queued.Bool
	return m, err
}

func mappings(ctx context.Context, d *db.DB, where string, args ...any) ([]*Mapping, error) {
	var list []*Mapping
	err := d.Each(ctx, func(r *sql.Rows) error {
		m, err := scanMapping(r)
		list = append(list, m)
		return err
	}, "SELECT "+mappingColumns+" FROM instance_mappings WHERE "+where, args...)
	return list, err
}

// InstanceMapping finds the mapping of a server, or nil.
func InstanceMapping(ctx context.Context, d *db.DB, uuid string) (*Mapping, error) {
	list, err := mappings(ctx, d, "instance_uuid = ?", uuid)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// MappingsInCell lists the servers of a cell that are not being deleted, of one
// project or, for "", of all. A limit below zero is none.
func MappingsInCell(ctx context.Context, d *db.DB, cell int64, project string, limit int) ([]*Mapping, error) {
	where, args := "cell_id = ? AND (queued_for_delete = ? OR queued_for_delete IS NULL)", []any{cell, false}
	if project != "" {
		where, args = where+" AND project_id = ?", append(args, project)
	}
	if limit >= 0 {
		where, args = where+" LIMIT ?", append(args, limit)
	}
	return mappings(ctx, d, where, args...)
}

// CellsOfProject lists the row ids of the cells that a project has servers in.
func CellsOfProject(ctx context.Context, d *db.DB, project string) ([]int64, error) {
	var ids []int64
	err := d.Each(ctx, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT DISTINCT cell_id FROM instance_mappings WHERE project_id = ? AND cell_id IS NOT NULL", project)
	return ids, err
}

// BuildRequest reads the server of a build request: one that no cell has yet.
// There may be none; then the server is nil.
func BuildRequest(ctx context.Context, d *db.DB, uuid string) (*objects.Instance, error) {
	list, err := buildRequests(ctx, d, "instance_uuid = ?", uuid)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// BuildRequests reads the servers of all build requests, of one project or, for
// "", of all.
func BuildRequests(ctx context.Context, d *db.DB, project string) ([]*objects.Instance, error) {
	if project == "" {
		return buildRequests(ctx, d, "1 = 1")
	}
	return buildRequests(ctx, d, "project_id = ?", project)
}

func buildRequests(ctx context.Context, d *db.DB, where string, args ...any) ([]*objects.Instance, error) {
	var list []*objects.Instance
	err := d.Each(ctx, func(r *sql.Rows) error {
		var instance, tags sql.RawBytes
		var created *time.Time
		if err := r.Scan(&instance, &tags, db.Time{P: &created}); err != nil {
			return err
		}
		if len(instance) == 0 {
			return nil // being made at this very moment
		}
		i, err := objects.ParseInstance(instance)
		if err != nil {
			return err
		}
		if i.CreatedAt == nil {
			i.CreatedAt = created
		}
		if i.Tags, err = objects.ParseTags(tags); err != nil {
			return err
		}
		list = append(list, i)
		return nil
	}, "SELECT instance, tags, created_at FROM build_requests WHERE "+where, args...)
	return list, err
}

// RequestSpec is what the API shows of a server's request spec.
type RequestSpec struct {
	Zone  *string // that was asked for
	Hints map[string]any
	// Of a server whose cell is down, the rest is shown, too.
	UserID  string
	ImageID string
	Flavor  *objects.Flavor
}

// RequestSpecs reads the request specs of servers. full also reads what is shown
// of servers whose cell is down.
func RequestSpecs(ctx context.Context, d *db.DB, uuids []string, full bool) (map[string]*RequestSpec, error) {
	specs := make(map[string]*RequestSpec, len(uuids))
	if len(uuids) == 0 {
		return specs, nil
	}
	return specs, d.Each(ctx, func(r *sql.Rows) error {
		var uuid string
		var text sql.RawBytes
		if err := r.Scan(&uuid, &text); err != nil {
			return err
		}
		s, err := parseRequestSpec(text, full)
		specs[uuid] = s
		return err
	}, "SELECT instance_uuid, spec FROM request_specs WHERE instance_uuid IN (?)", db.In(uuids))
}

// ServerGroupOf answers the UUID of the server group a server is in, or "".
func ServerGroupOf(ctx context.Context, d *db.DB, instance string) (string, error) {
	var uuid string
	err := d.One(ctx, []any{&uuid}, "SELECT g.uuid FROM instance_groups g JOIN instance_group_member m ON m.group_id = g.id WHERE m.instance_uuid = ? ORDER BY g.id LIMIT 1", instance)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return uuid, err
}
