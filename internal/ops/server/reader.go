// Package server contains what operations on servers have in common: it finds and saves servers, records actions, checks
// states and sends notifications. It does not depend on HTTP.
package server

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Reader finds servers in build requests and cells. For servers of cells that do not respond it returns the data of the
// API database.
type Reader struct {
	API       *db.DB
	Cells     *db.Cells
	HostZones *dbapi.Zones
	// PerProject is [api] instance_list_per_project_cells: lists query only the cells with servers of the project.
	PerProject bool
	// SkipDown is [api] list_records_by_skipping_down_cells.
	SkipDown bool
	// BatchSize is [api] instance_list_cells_batch_fixed_size with the strategy "fixed"; 0: the share of a cell.
	BatchSize int
	// Faults is the only database of which lists show faults of servers; nil: the faults of each cell.
	Faults *db.Cell

	lists  db.Coalescer[[]*objects.Instance]
	scans  cell.Scans
	shared shared
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$`)

// errCellDown returns the error for a cell that does not respond, where the request has no reduced answer for that case.
func errCellDown(cell string) error {
	return &objects.Error{Class: objects.ErrNovaException,
		Message: fmt.Sprintf("Cell %s is not responding or returned an exception, hence instance info is not available.", cell)}
}

// GetOptions selects the parts of a server that are read from its cell and from the API database.
type GetOptions struct {
	cell.Load
	dbapi.MappingFields
	Down   bool // if the cell does not respond, return the server with the data of its request spec
	Mapped bool // find only servers in cells; a server without a mapping is an InstanceMappingNotFound
	// Shared says that the caller does not change the server. Concurrent calls then share queries, and those for the same server
	// its value: each sees the state of a moment after its call.
	Shared bool
}

// Get returns a server that is not deleted and that belongs to the caller's project; an administrator may read servers of
// all projects. Errors: InstanceNotFound.
func (r *Reader) Get(ctx context.Context, caller *reqctx.Caller, uuid string, want GetOptions) (*objects.Instance, error) {
	i, err := r.get(ctx, uuid, want)
	if err != nil {
		return nil, err
	}
	if !caller.IsAdmin && caller.UserID != "" && caller.ProjectID != "" && i.ProjectID != caller.ProjectID {
		return nil, objects.InstanceNotFound(uuid)
	}
	return i, nil
}

// Owner returns the project of a server from its instance mapping, for any caller. Errors: InstanceMappingNotFound.
func (r *Reader) Owner(ctx context.Context, uuid string) (project string, err error) {
	m, err := dbapi.InstanceMapping(ctx, r.API, uuid, dbapi.MappingFields{})
	if err == nil && m == nil {
		err = unmapped(uuid)
	}
	if err != nil {
		return "", err
	}
	return m.ProjectID, nil
}

func unmapped(uuid string) error {
	return objects.ErrInstanceMappingNotFound.Errorf(objects.KindNotFound, "Instance %s has no mapping to a cell.", uuid)
}

func (r *Reader) get(ctx context.Context, uuid string, want GetOptions) (*objects.Instance, error) {
	unknown := objects.InstanceNotFound(uuid)
	if want.Mapped {
		unknown = unmapped(uuid)
	}
	if !uuidForm.MatchString(uuid) {
		return nil, unknown
	}
	for range 2 { // the conductor may replace a build request by a server in a cell between the two queries
		m, err := r.mapping(ctx, uuid, want)
		if err != nil {
			return nil, err
		}
		if m == nil {
			return nil, unknown
		}
		var i *objects.Instance
		switch {
		case m.CellID != nil:
			i, err = r.FromCell(ctx, m, want)
		case want.Mapped:
			return nil, objects.InstanceNotFound(uuid)
		default:
			i, err = dbapi.BuildRequest(ctx, r.API, uuid)
		}
		if err != nil {
			return nil, err
		}
		if i != nil {
			with := *i // other callers may have the same value
			with.Spec, with.Group = m.Spec, m.Group
			return &with, nil
		}
	}
	return nil, objects.InstanceNotFound(uuid)
}

// FromCell returns the server from the cell that an instance mapping names. Errors: InstanceNotFound.
func (r *Reader) FromCell(ctx context.Context, m *dbapi.Mapping, want GetOptions) (*objects.Instance, error) {
	c, err := r.Cells.ByID(ctx, *m.CellID)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, objects.InstanceNotFound(m.UUID)
	}
	answer := db.Scatter(ctx, []*db.Cell{c}, func(ctx context.Context, c *db.Cell) (*objects.Instance, error) {
		return r.instance(ctx, c, m.UUID, want)
	})[0]
	switch {
	case answer.Err == nil:
		return answer.Value, nil
	case errors.Is(answer.Err, objects.ErrInstanceNotFound), errors.Is(ctx.Err(), context.Canceled):
		return nil, answer.Err
	case !want.Down:
		return nil, errCellDown(c.UUID)
	case m.QueuedForDelete:
		return nil, objects.InstanceNotFound(m.UUID)
	}
	return r.behind(ctx, m)
}

// behind returns a server whose cell does not respond, with the data of its request spec.
func (r *Reader) behind(ctx context.Context, m *dbapi.Mapping) (*objects.Instance, error) {
	specs, err := dbapi.RequestSpecs(ctx, r.API, []string{m.UUID}, true)
	if err != nil {
		return nil, err
	}
	spec := specs[m.UUID]
	if spec == nil {
		return nil, objects.InstanceNotFound(m.UUID)
	}
	none := int64(0)
	image, _ := spec.Image.Attribute("id")
	return &objects.Instance{Down: true, UUID: m.UUID, ProjectID: m.ProjectID, CreatedAt: m.CreatedAt, UserID: spec.UserID,
		Flavor: spec.Flavor, ImageRef: image, AvailabilityZone: spec.AvailabilityZone, PowerState: &none}, nil
}
