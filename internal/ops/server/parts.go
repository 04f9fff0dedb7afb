package server

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// In calls ask with the cell of a server that was loaded. For a server that exists only as a build request it returns the
// zero value and does not call ask.
func In[T any](ctx context.Context, r *Reader, i *objects.Instance, ask func(context.Context, *db.Cell) (T, error)) (T, error) {
	var none T
	cells, err := r.Cells.All(ctx)
	if err != nil {
		return none, err
	}
	for _, c := range cells {
		if c.UUID == i.Cell {
			return ask(ctx, c)
		}
	}
	return none, nil
}

// Actions reads the actions of a server.
func (r *Reader) Actions(ctx context.Context, i *objects.Instance, q cell.ActionQuery) ([]*objects.Action, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) ([]*objects.Action, error) {
		return cell.Actions(ctx, c, i.UUID, q)
	})
}

// Events reads the events of an action.
func (r *Reader) Events(ctx context.Context, i *objects.Instance, action int64) ([]*objects.ActionEvent, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) ([]*objects.ActionEvent, error) {
		return cell.Events(ctx, c, action)
	})
}

// VIFTags reads the tags of a server's ports, by port id.
func (r *Reader) VIFTags(ctx context.Context, i *objects.Instance) (map[string]*string, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) (map[string]*string, error) { return cell.VIFTags(ctx, c, i.UUID) })
}

// Attachments reads the block device mappings of a server.
func (r *Reader) Attachments(ctx context.Context, i *objects.Instance) ([]*objects.BlockDevice, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) ([]*objects.BlockDevice, error) {
		return cell.BlockDevices(ctx, c, i.UUID)
	})
}

// Shares reads the share mappings of a server.
func (r *Reader) Shares(ctx context.Context, i *objects.Instance) ([]*objects.Share, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) ([]*objects.Share, error) { return cell.Shares(ctx, c, i.UUID) })
}

// Share reads the mapping of one share of a server. Errors: ShareNotFound.
func (r *Reader) Share(ctx context.Context, i *objects.Instance, share string) (*objects.Share, error) {
	all, err := r.Shares(ctx, i)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.ShareID == share {
			return s, nil
		}
	}
	return nil, objects.ShareNotFound(share)
}

// Topology reads the NUMA topology of a server.
func (r *Reader) Topology(ctx context.Context, i *objects.Instance) (*objects.NUMATopology, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) (*objects.NUMATopology, error) {
		return cell.Topology(ctx, c, i.UUID)
	})
}

// LiveMigrations reads the live migrations of a server that are in progress.
func (r *Reader) LiveMigrations(ctx context.Context, i *objects.Instance) ([]*objects.Migration, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) ([]*objects.Migration, error) {
		return cell.LiveMigrations(ctx, c, i.UUID)
	})
}

// Migration returns a migration of a server by its id, or nil.
func (r *Reader) Migration(ctx context.Context, i *objects.Instance, id int64) (*objects.Migration, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) (*objects.Migration, error) {
		return cell.MigrationOf(ctx, c, i.UUID, id)
	})
}

// Zones returns a function that maps hosts to availability zones.
func (r *Reader) Zones(ctx context.Context) (func(host string) string, error) {
	byHost, err := r.HostZones.ByHost(ctx)
	if err != nil {
		return nil, err
	}
	return func(host string) string { return r.HostZones.Of(byHost, host) }, nil
}
