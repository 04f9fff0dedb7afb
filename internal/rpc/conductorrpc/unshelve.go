package conductorrpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Unshelve starts a shelved server, on a host that the scheduler finds if it is
// on none.
func (c *Client) Unshelve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, spec *objects.RequestSpec) error {
	return c.cast(ctx, caller, "unshelve_instance", "1.14", args{"instance": i, "request_spec": spec})
}

// ConfirmSnapshotBasedResizeNow drops what is left of a server in the cell that it
// was resized away from, and returns when it is gone.
func (c *Client) ConfirmSnapshotBasedResizeNow(ctx context.Context, caller *reqctx.Caller, i *objects.Instance,
	migration *objects.Migration) error {
	_, err := c.call(ctx, caller, "confirm_snapshot_based_resize", "1.22", args{"instance": i, "migration": migration})
	return err
}
