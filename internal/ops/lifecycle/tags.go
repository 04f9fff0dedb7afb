package lifecycle

import (
	"context"
	"slices"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
)

// maxTags is the maximum number of tags of a server.
const maxTags = 50

// checkTaggable checks that the tags of a server may be changed. Nova ignores the lock and the task state for this.
func checkTaggable(i *objects.Instance, action string) error {
	if vm := objects.OrZero(i.VMState); !slices.Contains(settledStates, vm) {
		return server.InvalidState(i, action, "vm_state", vm)
	}
	return nil
}

// CanTag performs the state check of AddTag, which comes before the check of the tag itself.
func CanTag(i *objects.Instance) error { return checkTaggable(i, "update tag") }

// AddTag adds a tag to a server. added is false if the server has it already. Errors: InstanceTagLimit.
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

// SetTags replaces the tags of a server.
func (o *Ops) SetTags(ctx context.Context, i *objects.Instance, tags []string) error {
	if err := checkTaggable(i, "update tags"); err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.SetTags(ctx, c, i.UUID, tags) })
}

// RemoveTag removes a tag from a server. Errors: InstanceTagNotFound.
func (o *Ops) RemoveTag(ctx context.Context, i *objects.Instance, tag string) error {
	if err := checkTaggable(i, "delete tag"); err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.RemoveTag(ctx, c, i.UUID, tag) })
}

// RemoveTags removes all tags from a server.
func (o *Ops) RemoveTags(ctx context.Context, i *objects.Instance) error {
	if err := checkTaggable(i, "delete tags"); err != nil {
		return err
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.RemoveTags(ctx, c, i.UUID) })
}
