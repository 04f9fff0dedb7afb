package lifecycle

import (
	"context"
	"slices"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
)

// maxTags is how many tags a server may have.
const maxTags = 50

// tagged wants a server whose tags may be changed: a lock does not matter, nor does
// a task.
func tagged(i *objects.Instance, action string) error {
	if vm := objects.OrZero(i.VMState); !slices.Contains(settled, vm) {
		return server.InvalidState(i, action, "vm_state", vm)
	}
	return nil
}

// CanTag is the check of AddTag that comes before that of the tag itself.
func CanTag(i *objects.Instance) error { return tagged(i, "update tag") }

// AddTag gives a server a tag; added is false where it has it already. A server
// that has maxTags is InstanceTagLimit.
func (o *Ops) AddTag(ctx context.Context, i *objects.Instance, tag string) (added bool, err error) {
	have, err := server.In(ctx, o.Servers.Reader, i, func(ctx context.Context, c *db.Cell) ([]string, error) {
		return cell.Tags(ctx, c,
			i.UUID)
	})
	switch {
	case err != nil:
		return false, err
	case len(have) >= maxTags:
		return false, objects.ErrInstanceTagLimit.Errorf(objects.KindInvalid, "The number of tags exceeded the per-server limit %d", maxTags)
	case slices.Contains(have, tag):
		return false, nil
	}
	return true, o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.AddTag(ctx, c, i.UUID, tag) })
}

// SetTags gives a server these tags and no others.
func (o *Ops) SetTags(ctx context.Context, i *objects.Instance, tags []string) error {
	if err := tagged(i, "update tags"); err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.SetTags(ctx, c, i.UUID, tags) })
}

// RemoveTag takes a tag from a server, or answers InstanceTagNotFound.
func (o *Ops) RemoveTag(ctx context.Context, i *objects.Instance, tag string) error {
	if err := tagged(i, "delete tag"); err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.RemoveTag(ctx, c, i.UUID, tag) })
}

// RemoveTags takes all tags from a server.
func (o *Ops) RemoveTags(ctx context.Context, i *objects.Instance) error {
	if err := tagged(i, "delete tags"); err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.RemoveTags(ctx, c, i.UUID) })
}
