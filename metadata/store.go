package metadata

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/startup"
)

// databases is the Store over Nova's databases.
type databases struct {
	api   *db.DB
	cells *db.Cells
	main  *db.Cell // of [database] connection
	// local is [api] local_metadata_per_cell: all instances are in main, and the
	// API database is not asked.
	local bool
	log   zerolog.Logger
}

func newStore(c *config.Config, d *startup.Databases, l zerolog.Logger) *databases {
	return &databases{api: d.API, cells: d.Cells, main: &db.Cell{DB: d.Main}, local: c.API.LocalMetadataPerCell, log: l}
}

// cell finds where an instance is. One without a mapping may be in the database
// of [database] connection, in a deployment whose cells are not set up yet.
func (d *databases) cell(ctx context.Context, uuid string) (*db.Cell, error) {
	if d.local {
		return d.main, nil
	}
	m, _, _, err := api.InstanceMapping(ctx, d.api, uuid, api.Beside{})
	if err != nil {
		return nil, err
	}
	if m == nil {
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

// Guest implements Store.
func (d *databases) Guest(ctx context.Context, uuid string) (*objects.Guest, error) {
	c, err := d.cell(ctx, uuid)
	if err != nil {
		return nil, err
	}
	return cell.Guest(ctx, c, uuid)
}

// EC2 implements Store.
func (d *databases) EC2(ctx context.Context, g *objects.Guest) (*objects.GuestEC2, error) {
	c, err := d.cell(ctx, g.UUID)
	if err != nil {
		return nil, err
	}
	return cell.GuestEC2(ctx, c, g.Instance)
}

// SetSystemMetadata implements Store.
func (d *databases) SetSystemMetadata(ctx context.Context, uuid string, pairs map[string]string) error {
	c, err := d.cell(ctx, uuid)
	if err != nil {
		return err
	}
	return cell.SetGuestSystemMetadata(ctx, c, uuid, pairs)
}
