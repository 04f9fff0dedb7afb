// Package schedulerrpc is the interface of nova-scheduler, as Nova's API process
// calls it: what all schedulers are told, over the broker of the API.
package schedulerrpc

import (
	"context"
	"fmt"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// Client tells the schedulers.
type Client struct {
	Transport func() (*rpc.Client, error)
	// Pin is [upgrade_levels] scheduler: a version, or the name of an old release; "":
	// none.
	Pin string
}

// sent is the version of all that is told.
const sent = "4.1"

// pinned is the version that a pin stands for.
func pinned(pin string) string {
	switch pin {
	case "grizzly":
		return "2.6"
	case "havana":
		return "2.9"
	case "icehouse", "juno":
		return "3.0"
	case "kilo", "liberty":
		return "4.2"
	case "mitaka", "newton", "ocata":
		return "4.3"
	case "pike":
		return "4.4"
	}
	return pin
}

// UpdateAggregates tells what aggregates are now. The schedulers keep those they
// know, and learn of hosts that joined.
func (c *Client) UpdateAggregates(ctx context.Context, caller *reqctx.Caller, list []*objects.Aggregate) error {
	return c.fanout(ctx, caller, "update_aggregates", map[string]any{"aggregates": list})
}

// DeleteAggregate tells that an aggregate is gone.
func (c *Client) DeleteAggregate(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate) error {
	return c.fanout(ctx, caller, "delete_aggregate", map[string]any{"aggregate": g})
}

func (c *Client) fanout(ctx context.Context, caller *reqctx.Caller, method string, args map[string]any) error {
	if !rpc.Compatible(pinned(c.Pin), sent) {
		return &objects.Error{Class: objects.ErrRPCVersionCapError,
			Message: fmt.Sprintf("Requested message version, %s is incompatible. It needs to be equal in major version and less than or equal in "+
				"minor version as the specified version cap %s.", sent, pinned(c.Pin))}
	}
	client, err := c.Transport()
	if err != nil {
		return err
	}
	return client.Cast(ctx, caller, rpc.Target{Topic: "scheduler", Version: sent, Fanout: true}, method, args)
}
