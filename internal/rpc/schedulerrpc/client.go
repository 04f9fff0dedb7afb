// Package schedulerrpc is the client side of nova-scheduler's RPC interface, with the messages
// that Nova's API process sends: fanouts to all schedulers, over the broker of the API.
package schedulerrpc

import (
	"context"
	"fmt"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// Client sends messages to the schedulers.
type Client struct {
	Transport func() (*rpc.Client, error)
	// Pin is [upgrade_levels] scheduler: a version, the name of an old release, or "" for no
	// limit.
	Pin string
}

// messageVersion is the interface version of the messages of this package.
const messageVersion = "4.1"

// pinnedVersion returns the interface version that a pin stands for.
func pinnedVersion(pin string) string {
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

// UpdateAggregates sends the new state of aggregates. Schedulers update the aggregates that they
// know, and move hosts between them.
func (c *Client) UpdateAggregates(ctx context.Context, caller *reqctx.Caller, list []*objects.Aggregate) error {
	return c.fanout(ctx, caller, "update_aggregates", map[string]any{"aggregates": list})
}

// DeleteAggregate sends that an aggregate has been deleted.
func (c *Client) DeleteAggregate(ctx context.Context, caller *reqctx.Caller, g *objects.Aggregate) error {
	return c.fanout(ctx, caller, "delete_aggregate", map[string]any{"aggregate": g})
}

func (c *Client) fanout(ctx context.Context, caller *reqctx.Caller, method string, args map[string]any) error {
	if !rpc.Compatible(pinnedVersion(c.Pin), messageVersion) {
		return &objects.Error{Class: objects.ErrRPCVersionCapError,
			Message: fmt.Sprintf("Requested message version, %s is incompatible. It needs to be equal in major version and less than or equal in "+
				"minor version as the specified version cap %s.", messageVersion, pinnedVersion(c.Pin))}
	}
	client, err := c.Transport()
	if err != nil {
		return err
	}
	return client.Cast(ctx, caller, rpc.Target{Topic: "scheduler", Version: messageVersion, Fanout: true}, method, args)
}
