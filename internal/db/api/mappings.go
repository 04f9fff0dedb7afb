package api

import (
	"context"
	"database/sql"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// Mapping is a row of instance_mappings. It says which cell a server is in.
type Mapping struct {
	UUID, ProjectID string
	UserID          *string
	CellID          *int64 // nil until the server is scheduled
	QueuedForDelete bool
	CreatedAt       *time.Time
	// Spec and Group, the UUID of the server group, are read if MappingFields selects them.
	Spec  *objects.RequestSpec
	Group string
}

const mappingColumns = "m.instance_uuid, m.project_id, m.user_id, m.cell_id, COALESCE(m.queued_for_delete, 1 = 0), m.created_at"

func (m *Mapping) dest() []any {
	return []any{&m.UUID, &m.ProjectID, &m.UserID, &m.CellID, &m.QueuedForDelete, db.Time{P: &m.CreatedAt}}
}

func mappings(ctx context.Context, d *db.DB, where string, args ...any) ([]*Mapping, error) {
	var list []*Mapping
	err := d.Each(ctx, func(r *sql.Rows) error {
		m := &Mapping{}
		list = append(list, m)
		return r.Scan(m.dest()...)
	}, "SELECT "+mappingColumns+" FROM instance_mappings m WHERE "+where, args...)
	return list, err
}

// MappingFields selects data of the API database that is read together with a mapping.
type MappingFields struct{ Spec, Group bool }

// InstanceMapping returns the mapping of a server and the selected data in one query, or nil if
// there is none.
func InstanceMapping(ctx context.Context, d *db.DB, uuid string, b MappingFields) (*Mapping, error) {
	list, err := InstanceMappings(ctx, d, []string{uuid}, b)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// InstanceMappings returns the mappings of servers and the selected data in one query.
func InstanceMappings(ctx context.Context, d *db.DB, uuids []string, b MappingFields) ([]*Mapping, error) {
	if len(uuids) == 0 {
		return nil, nil
	}
	columns, joins := mappingColumns, ""
	if b.Spec {
		columns += ", s.spec"
		joins += " LEFT JOIN request_specs s ON s.instance_uuid = m.instance_uuid"
	}
	if b.Group {
		columns += ", (SELECT MIN(g.uuid) FROM instance_group_member gm JOIN instance_groups g ON g.id = gm.group_id WHERE gm.instance_uuid = " +
			"m.instance_uuid)"
	}
	var list []*Mapping
	err := d.Each(ctx, func(r *sql.Rows) error {
		m := &Mapping{}
		list = append(list, m)
		var text sql.RawBytes
		var group sql.NullString
		dest := m.dest()
		if b.Spec {
			dest = append(dest, &text)
		}
		if b.Group {
			dest = append(dest, &group)
		}
		err := r.Scan(dest...)
		if err == nil && len(text) > 0 {
			m.Spec, err = parseRequestSpec(text, false)
		}
		m.Group = group.String
		return err
	}, "SELECT "+columns+" FROM instance_mappings m"+joins+" WHERE m.instance_uuid IN (?)", db.In(uuids))
	return list, err
}

// MappingsInCell returns the mappings of the servers in a cell that are not being deleted, of one
// project, or of all for "". A limit below 0 means no limit.
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

// CellsOfProject returns the row ids of the cells with servers of a project.
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

// BuildRequest returns the server in a build request, which is not in a cell yet, or nil.
func BuildRequest(ctx context.Context, d *db.DB, uuid string) (*objects.Instance, error) {
	list, err := buildRequests(ctx, d, "instance_uuid = ?", uuid)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// BuildRequests returns the servers of all build requests, of one project, or of all for "".
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
			return nil // a build request without an instance is being created
		}
		i, err := versioned.ParseInstance(instance)
		if err != nil {
			return err
		}
		if i.CreatedAt == nil {
			i.CreatedAt = created
		}
		if i.Tags, err = versioned.ParseTags(tags); err != nil {
			return err
		}
		list = append(list, i)
		return nil
	}, "SELECT instance, tags, created_at FROM build_requests WHERE "+where+" ORDER BY id", args...)
	return list, err
}

// RequestSpecs returns the request specs of servers. With full it also reads what the API shows
// of servers whose cell is down.
func RequestSpecs(ctx context.Context, d *db.DB, uuids []string, full bool) (map[string]*objects.RequestSpec, error) {
	specs := make(map[string]*objects.RequestSpec, len(uuids))
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
