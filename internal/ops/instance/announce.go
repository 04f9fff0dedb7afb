package instance

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// announce announces what was done to a server, with its flavor, which is read where
// the operation did not need it.
func (o *Ops) announce(ctx context.Context, caller *reqctx.Context, event string, i *objects.Instance) error {
	if !o.Notify.Versioned() {
		return nil
	}
	if i.Flavor == nil {
		if err := o.LoadFlavor(ctx, i); err != nil {
			return err
		}
	}
	return o.Notify.Instance(ctx, caller, event, i)
}

// LoadFlavor reads the flavor of a server that was loaded without it, and makes it
// part of the record.
func (o *Ops) LoadFlavor(ctx context.Context, i *objects.Instance) error {
	return o.there(ctx, i, func(ctx context.Context, c *db.Cell) error {
		with, err := cell.Instance(ctx, c, i.UUID, cell.Load{Record: cell.RowOnly | cell.PartFlavor})
		if err != nil {
			return err
		}
		i.Flavor = with.Flavor
		for _, field := range []string{"flavor", "old_flavor", "new_flavor"} {
			if v, ok := with.Parts[field]; ok {
				i.Parts[field] = v
			}
		}
		return nil
	})
}
