package computerpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// ConfirmResize removes a resized server from its source host.
func (c *Client) ConfirmResize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, migration *objects.Migration) error {
	return c.cast(ctx, caller, i, objects.OrZero(migration.SourceCompute), "confirm_resize", args{"instance": i, "migration": migration})
}

// RevertResize moves a resized server back to its source host. The message goes to the current
// host, which begins. nova-computes with interface versions below 5.2 do not accept the request
// spec.
func (c *Client) RevertResize(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, migration *objects.Migration,
	spec *objects.RequestSpec) error {
	host := objects.OrZero(migration.DestCompute)
	if host == "" && i.Host != nil {
		host = *i.Host
	}
	if host == "" {
		return noHost(i)
	}
	t, err := c.target(ctx, host, "5.2")
	if err != nil {
		return err
	}
	a := args{"instance": i, "migration": migration, "request_spec": spec}
	ok, err := c.Can(ctx, t.Version)
	if err != nil {
		return err
	}
	if !ok {
		delete(a, "request_spec")
		t.Version = "5.0"
	}
	return c.send(ctx, caller, i.Cell, t, "revert_resize", a)
}

// ForceComplete lets the source host of a live migration complete it by pausing the server or
// with post-copy.
func (c *Client) ForceComplete(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, source string) error {
	return c.cast(ctx, caller, i, source, "live_migration_force_complete", args{"instance": i})
}

// AbortLiveMigration lets the host of a server abort a live migration.
func (c *Client) AbortLiveMigration(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, migration int64) error {
	return c.cast(ctx, caller, i, "", "live_migration_abort", args{"instance": i, "migration_id": migration})
}
