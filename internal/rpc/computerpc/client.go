// Package computerpc is the client side of nova-compute's RPC interface. It has a method for each
// message that Nova's API process sends. Messages go to the host of a server, over the broker of
// its cell.
package computerpc

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

const (
	topic    = "compute"
	topicAlt = "compute-alt" // the topic of a nova-compute that is shutting down
)

// Options are the parameters of New.
type Options struct {
	// Transport returns the client of the broker of a cell, by the UUID of the cell.
	Transport func(ctx context.Context, cell string) (*rpc.Client, error)
	// Pin is [upgrade_levels] compute: a version, the name of a release, "auto", or "" for the
	// newest version.
	Pin string
	// Release is the release of the API, which has the newest version that is sent.
	Release release.Release
	// Oldest returns the lowest service version of all nova-computes, or 0 without any. Pin
	// "auto" uses it.
	Oldest func(ctx context.Context) (int64, error)
	// ResponseTimeout and LongTimeout are [DEFAULT] rpc_response_timeout and long_rpc_timeout.
	ResponseTimeout, LongTimeout time.Duration
}

// Client sends messages to nova-compute.
type Client struct {
	o Options

	mu  sync.Mutex
	cap string // the version that "auto" has found; "" before
}

// New returns a client.
func New(o Options) *Client { return &Client{o: o} }

// releaseVersions has the interface versions of the releases that Pin may name.
var releaseVersions = map[string]string{
	"queens": "5.0", "rocky": "5.0", "stein": "5.1", "train": "5.3", "ussuri": "5.11", "victoria": "5.12", "wallaby": "6.0", "xena": "6.0",
	"yoga": "6.0", "zed": "6.1", "antelope": "6.2", "bobcat": "6.2", "caracal": "6.3", "dalmatian": "6.3", "epoxy": "6.4", "flamingo": "6.4",
	"gazpacho": "6.5", "hibiscus": "6.5",
}

// serviceRPC has the interface versions of nova-compute and the service versions that introduced
// them.
var serviceRPC = []struct {
	since   int64
	version string
}{{53, "5.12"}, {54, "5.13"}, {56, "6.0"}, {64, "6.1"}, {66, "6.2"}, {67, "6.3"}, {68, "6.4"}, {71, "6.5"}}

// pin returns the highest version that may be sent; "" stands for no limit.
func (c *Client) pin(ctx context.Context) (string, error) {
	switch {
	case c.o.Pin == "":
		return "", nil
	case c.o.Pin != "auto":
		if v, ok := releaseVersions[c.o.Pin]; ok {
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
		return c.o.Release.ComputeRPC, nil // not stored, because a nova-compute may start later
	}
	version := "6.0"
	for _, s := range serviceRPC {
		if oldest < s.since {
			break
		}
		if version = s.version; version == c.o.Release.ComputeRPC {
			break
		}
	}
	c.mu.Lock()
	c.cap = version
	c.mu.Unlock()
	return version, nil
}

// Can tells whether messages of the given interface version may be sent.
func (c *Client) Can(ctx context.Context, version string) (bool, error) {
	pin, err := c.pin(ctx)
	return rpc.Compatible(pin, version), err
}

// target returns the target of a message to a host, with version 6.0, or with old if the version
// pin is lower.
func (c *Client) target(ctx context.Context, host, old string) (rpc.Target, error) {
	ok, err := c.Can(ctx, "6.0")
	t := rpc.Target{Topic: topic, Server: host, Version: "6.0"}
	if !ok {
		t.Version = old
	}
	return t, err
}

// args are the arguments of a message by their names in nova-compute.
type args = map[string]any

// cast sends a message to host, or if it is "" to the host of the server. Without a host it
// returns Nova's NovaException.
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

// call sends a message to the host of a server and decodes the reply into result, unless that is
// nil.
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
