// Package schedulerrpc is the interface of nova-scheduler, as Nova's API process
// calls it: what all schedulers are told, over the broker of the API.
package schedulerrpc

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// Client tells the schedulers.
type Client struct {
	Transport func() (*rpc.Client, error)
}

// UpdateAggregates tells what aggregates are now. The schedulers keep those they
// know, and learn of hosts that joined.
func (c *Client) UpdateAggregates(ctx context.Context, caller *reqctx.Context, list []*objects.Versioned) error {
	return c.fanout(ctx, caller, "update_aggregates", map[string]any{"aggregates": list})
}

// DeleteAggregate tells that an aggregate is gone.
func (c *Client) DeleteAggregate(ctx context.Context, caller *reqctx.Context, g *objects.Versioned) error {
	return c.fanout(ctx, caller, "delete_aggregate", map[string]any{"aggregate": g})
}

func (c *Client) fanout(ctx context.Context, caller *reqctx.Context, method string, args map[string]any) error {
	client, err := c.Transport()
	if err != nil {
		return err
	}
	return client.Cast(ctx, caller, rpc.Target{Topic: "scheduler", Version: "4.1", Fanout: true}, method, args)
}
