// Package computerpc is the interface of nova-compute, as Nova's API process
// calls it: a method for each message, which goes to the host that a server is
// on, over its cell's broker.
package computerpc

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

const (
	topic    = "compute"
	topicAlt = "compute-alt" // served while a nova-compute shuts down
)

// Options make a client.
type Options struct {
	// Transport answers the broker of a cell, by its UUID.
	Transport func(ctx context.Context, cell string) (*rpc.Client, error)
	// Pin is [upgrade_levels] compute: a version, the name of a release, "auto",
	// or "" for the newest.
	Pin string
	// Oldest is the lowest service version of all nova-computes, for Pin "auto"; 0
	// when there are none.
	Oldest func(ctx context.Context) (int64, error)
	// ResponseTimeout and LongTimeout are [DEFAULT] rpc_response_timeout and
	// long_rpc_timeout.
	ResponseTimeout, LongTimeout time.Duration
}

// Client calls nova-compute.
type Client struct {
	o Options

	mu  sync.Mutex
	cap string // what "auto" has found
}

// New makes a client.
func New(o Options) *Client { return &Client{o: o} }

// releases are the versions that a release's name stands for.
var releases = map[string]string{
	"queens": "5.0", "rocky": "5.0", "stein": "5.1", "train": "5.3", "ussuri": "5.11", "victoria": "5.12", "wallaby": "6.0", "xena": "6.0",
	"yoga": "6.0", "zed": "6.1", "antelope": "6.2", "bobcat": "6.2", "caracal": "6.3", "dalmatian": "6.3", "epoxy": "6.4", "flamingo": "6.4",
	"gazpacho": "6.5", "hibiscus": "6.5",
}

// newest is the version of this code; serviceRPC the version that nova-compute
// speaks since a service version.
const newest = "6.5"

var serviceRPC = []struct {
	since   int64
	version string
}{{53, "5.12"}, {54, "5.13"}, {56, "6.0"}, {64, "6.1"}, {66, "6.2"}, {67, "6.3"}, {68, "6.4"}, {71, "6.5"}}

// pin is the highest version that may be sent; "" is no limit.
func (c *Client) pin(ctx context.Context) (string, error) {
	switch {
	case c.o.Pin == "":
		return "", nil
	case c.o.Pin != "auto":
		if v, ok := releases[c.o.Pin]; ok {
			return v, nil
		}
		return c.o.Pin, nil
	}
	c.mu.Lock()
	known := c.cap
	c.mu.Unlock()
	if known != "" || c.o.Oldest == nil {
		return known, nil
	}
	oldest, err := c.o.Oldest(ctx)
	if err != nil {
		return "", err
	}
	if oldest == 0 {
		return newest, nil // not kept: a nova-compute may yet come
	}
	version := "6.0"
	for _, s := range serviceRPC {
		if oldest >= s.since {
			version = s.version
		}
	}
	c.mu.Lock()
	c.cap = version
	c.mu.Unlock()
	return version, nil
}

// Can tells whether a version of the interface may be sent.
func (c *Client) Can(ctx context.Context, version string) (bool, error) {
	pin, err := c.pin(ctx)
	return rpc.Compatible(pin, version), err
}

// target is where a message of version 6.0, or of old below it, goes.
func (c *Client) target(ctx context.Context, host, old string) (rpc.Target, error) {
	ok, err := c.Can(ctx, "6.0")
	t := rpc.Target{Topic: topic, Server: host, Version: "6.0"}
	if !ok {
		t.Version = old
	}
	return t, err
}

// args are the arguments of a message, by their name on the wire.
type args = map[string]any

// cast sends to the host of a server. A server without one is an error: nothing
// would ever answer.
func (c *Client) cast(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, host, method string, a args) error {
	if host == "" && i.Host != nil {
		host = *i.Host
	}
	if host == "" {
		return noHost(i)
	}
	t, err := c.target(ctx, host, "5.0")
	if err != nil {
		return err
	}
	return c.send(ctx, caller, i.Cell, t, method, a)
}

func noHost(i *objects.Instance) error {
	return &objects.Error{Class: objects.ErrNovaException, Message: "Unable to find host for Instance " + i.UUID}
}

func (c *Client) send(ctx context.Context, caller *reqctx.Caller, cell string, t rpc.Target, method string, a args) error {
	client, err := c.o.Transport(ctx, cell)
	if err != nil {
		return err
	}
	return client.Cast(ctx, caller, t, method, a)
}

// call asks the host of a server and reads its answer into result, if that is not nil.
func (c *Client) call(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, method string, a args, result any) error {
	if i.Host == nil || *i.Host == "" {
		return noHost(i)
	}
	return c.callHost(ctx, caller, i.Cell, *i.Host, method, a, result, false)
}

func (c *Client) callHost(ctx context.Context, caller *reqctx.Caller, cell, host, method string, a args, result any, long bool) error {
	t, err := c.target(ctx, host, "5.0")
	if err != nil {
		return err
	}
	client, err := c.o.Transport(ctx, cell)
	if err != nil {
		return err
	}
	o := rpc.CallOptions{}
	if c.o.ResponseTimeout > rpc.HeartbeatThreshold {
		o.MonitorTimeout = rpc.HeartbeatThreshold
	}
	if long {
		o = rpc.CallOptions{Timeout: c.o.LongTimeout, MonitorTimeout: c.o.ResponseTimeout}
	}
	answer, err := client.Call(ctx, caller, t, method, a, o)
	if err != nil || result == nil {
		return err
	}
	return json.Unmarshal(answer, result)
}
