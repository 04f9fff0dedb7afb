package server

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// In asks the cell that a loaded server is in. A server that no cell has yet has
// nothing more to say: ask is not called.
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

// Actions reads the actions that were taken on a server.
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

// VIFTags reads the tags of a server's ports, by the id of the port.
func (r *Reader) VIFTags(ctx context.Context, i *objects.Instance) (map[string]*string, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) (map[string]*string, error) { return cell.VIFTags(ctx, c, i.UUID) })
}

// Attachments reads the block devices of a server.
func (r *Reader) Attachments(ctx context.Context, i *objects.Instance) ([]*objects.BlockDevice, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) ([]*objects.BlockDevice, error) {
		return cell.BlockDevices(ctx, c, i.UUID)
	})
}

// Shares are the shares of a server.
func (r *Reader) Shares(ctx context.Context, i *objects.Instance) ([]*objects.Share, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) ([]*objects.Share, error) { return cell.Shares(ctx, c, i.UUID) })
}

// Share is one share of a server, or ShareNotFound.
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

// LiveMigrations reads the live migrations of a server that are under way.
func (r *Reader) LiveMigrations(ctx context.Context, i *objects.Instance) ([]*objects.Migration, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) ([]*objects.Migration, error) {
		return cell.LiveMigrations(ctx, c, i.UUID)
	})
}

// Migration reads one migration of a server, or nil.
func (r *Reader) Migration(ctx context.Context, i *objects.Instance, id int64) (*objects.Migration, error) {
	return In(ctx, r, i, func(ctx context.Context, c *db.Cell) (*objects.Migration, error) {
		return cell.MigrationOf(ctx, c, i.UUID, id)
	})
}

// Zones answers a function from hosts to availability zones.
func (r *Reader) Zones(ctx context.Context) (func(host string) string, error) {
	byHost, err := r.HostZones.ByHost(ctx)
	if err != nil {
		return nil, err
	}
	return func(host string) string { return r.HostZones.Of(byHost, host) }, nil
}
