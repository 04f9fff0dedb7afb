// Package conductorrpc is the client side of nova-conductor's RPC interface compute_task, with
// the messages that Nova's API process sends. They go over the broker of the API, not over that
// of the cell of a server.
package conductorrpc

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// Client sends messages to nova-conductor.
type Client struct {
	Transport func() (*rpc.Client, error)
	// ResponseTimeout and LongTimeout are [DEFAULT] rpc_response_timeout and long_rpc_timeout.
	ResponseTimeout, LongTimeout time.Duration
}

// args are the arguments of a message by their names in nova-conductor.
type args = map[string]any

func target(version string) rpc.Target {
	return rpc.Target{Topic: "conductor", Namespace: "compute_task", Version: version}
}

func (c *Client) cast(ctx context.Context, caller *reqctx.Caller, method, version string, a args) error {
	client, err := c.Transport()
	if err != nil {
		return err
	}
	return client.Cast(ctx, caller, target(version), method, a)
}

// call waits for the reply up to long_rpc_timeout, as long as the conductor sends heartbeats.
func (c *Client) call(ctx context.Context, caller *reqctx.Caller, method, version string, a args) (json.RawMessage, error) {
	client, err := c.Transport()
	if err != nil {
		return nil, err
	}
	return client.Call(ctx, caller, target(version), method, a, rpc.CallOptions{Timeout: c.LongTimeout, MonitorTimeout: c.ResponseTimeout})
}
