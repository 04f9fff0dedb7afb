package conductorrpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Unshelve starts a shelved server. The scheduler chooses a host if the server was offloaded.
func (c *Client) Unshelve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, spec *objects.RequestSpec) error {
	return c.cast(ctx, caller, "unshelve_instance", "1.14", args{"instance": i, "request_spec": spec})
}

// ConfirmSnapshotBasedResizeNow removes a server from the cell that it was resized away from, and
// returns when that has happened.
func (c *Client) ConfirmSnapshotBasedResizeNow(ctx context.Context, caller *reqctx.Caller, i *objects.Instance,
	migration *objects.Migration) error {
	_, err := c.call(ctx, caller, "confirm_snapshot_based_resize", "1.22", args{"instance": i, "migration": migration})
	return err
}
