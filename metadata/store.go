package metadata

import (
	"context"
	"strings"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/startup"
)

// databases implements instanceStore with Nova's databases.
type databases struct {
	cells *db.Cells
	main  *db.Cell // of [database] connection
	// local is [api] local_metadata_per_cell: all instances are in main, and the API database
	// is not used.
	local bool
	log   zerolog.Logger

	mappings *db.Batcher[*api.Mapping]
	guests   db.Batchers[*db.DB, *objects.Guest] // by the database of the cell
}

func newStore(c *config.Config, d *startup.Databases, l zerolog.Logger) *databases {
	s := &databases{cells: d.Cells, main: &db.Cell{DB: d.Main}, local: c.API.LocalMetadataPerCell, log: l}
	s.mappings = db.NewBatcher(func(ctx context.Context, uuids []string) (map[string]*api.Mapping, error) {
		list, err := api.InstanceMappings(ctx, d.API, uuids, api.MappingFields{})
		return db.ByUUID(list, func(m *api.Mapping) string { return m.UUID }), err
	})
	return s
}

// cell finds the cell of an instance. An instance without a mapping may be in the database of
// [database] connection, if the cells of the deployment are not set up yet.
func (d *databases) cell(ctx context.Context, uuid string) (*db.Cell, error) {
	if d.local {
		return d.main, nil
	}
	m, found, err := d.mappings.Get(ctx, strings.ToLower(uuid))
	if err != nil {
		return nil, err
	}
	if !found {
		d.log.Warn().Msgf("Instance mapping for %s not found; cell setup is incomplete", uuid)
		return d.main, nil
	}
	if m.CellID == nil {
		return d.main, nil
	}
	c, err := d.cells.ByID(ctx, *m.CellID)
	if err == nil && c == nil {
		return d.main, nil
	}
	return c, err
}

// Guest implements instanceStore.
func (d *databases) Guest(ctx context.Context, uuid string) (*objects.Guest, error) {
	c, err := d.cell(ctx, uuid)
	if err != nil {
		return nil, err
	}
	g, found, err := d.guests.Of(c.DB, func(ctx context.Context, uuids []string) (map[string]*objects.Guest, error) {
		return cell.Guests(ctx, c, uuids)
	}).Get(ctx, strings.ToLower(uuid))
	if err == nil && !found {
		err = objects.InstanceNotFound(uuid)
	}
	return g, err
}

// EC2 implements instanceStore.
func (d *databases) EC2(ctx context.Context, g *objects.Guest) (*objects.GuestEC2, error) {
	c, err := d.cell(ctx, g.UUID)
	if err != nil {
		return nil, err
	}
	return cell.GuestEC2(ctx, c, g.Instance)
}

// System implements instanceStore.
func (d *databases) System(ctx context.Context, g *objects.Guest) (objects.GuestSystem, error) {
	c, err := d.cell(ctx, g.UUID)
	if err != nil {
		return objects.GuestSystem{}, err
	}
	return cell.GuestSystem(ctx, c, g.UUID)
}

// SetSystemMetadata implements instanceStore.
func (d *databases) SetSystemMetadata(ctx context.Context, uuid string, pairs map[string]string) error {
	c, err := d.cell(ctx, uuid)
	if err != nil {
		return err
	}
	return cell.SetGuestSystemMetadata(ctx, c, uuid, pairs)
}
