package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/osprofiler"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Client sends messages to the services behind one transport URL. It is safe for concurrent use.
// A [Pool] makes it.
type Client struct {
	t        transport
	metrics  *metrics.Metrics
	exchange string // control_exchange
	timeout  time.Duration
	release  release.Release // whose services read the messages
}

// transport carries messages. Its methods call and send wait for a broker until ctx ends; send
// returns once the broker has confirmed the message.
type transport interface {
	// call sends e, which has no reply address yet, and returns the result in the reply. The
	// reply must arrive within o.Timeout.
	call(ctx context.Context, e envelope, o CallOptions) (json.RawMessage, error)
	send(ctx context.Context, e envelope) error
	// follow receives notifications until ctx ends or the transport is closed.
	follow(ctx context.Context, exchange string, l Listener) error
	close() error
}

// envelope is a message with its target.
type envelope struct {
	target Target // Exchange is set
	method string
	kind   Kind
	msg    message
	caller *reqctx.Caller
	bare   bool                 // without oslo.messaging's envelope: notifications of the driver "messaging"
	nobody bool                 // the context has no members
	tries  int                  // attempts to deliver it; 0: until ctx ends
	trace  *osprofiler.Position // of osprofiler; nil: none
}

// Kind is the way in which a message is sent.
type Kind string

// The kinds of messages.
const (
	KindCall         Kind = "call"
	KindCast         Kind = "cast"
	KindFanout       Kind = "fanout"
	KindNotification Kind = "notification"
)

// Call invokes method on one server and returns its result as JSON (null for None). It encodes
// args with encoding/json, and structs of package objects as versioned objects. caller is the
// user of the request; nil stands for the service itself (Nova's admin context).
//
// Errors: *RemoteError if the server raised an exception, *TimeoutError if no reply came,
// *DeliveryError if no broker took the message, and ctx's error if it was canceled. A call waits
// for an unreachable broker until ctx ends, where Nova waits without a limit; its timeout begins
// once there is a connection.
func (c *Client) Call(ctx context.Context, caller *reqctx.Caller, t Target, method string, args map[string]any,
	o CallOptions) (json.RawMessage, error) {
	if t.Fanout {
		return nil, errors.New("rpc: a call cannot be used with fanout")
	}
	if o.Timeout <= 0 {
		o.Timeout = c.timeout
	}
	args, err := versioned.Args(args, c.release)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	ctx, stop := profiled(ctx, t, method)
	reply, err := c.t.call(ctx, c.envelope(ctx, KindCall, caller, t, method, args), o)
	stop(err)
	c.metrics.Message(string(KindCall), method, metricResult(err), time.Since(began))
	return reply, err
}

// Cast invokes method on one server, or on all servers of the topic if t.Fanout is set, and
// returns once the broker has confirmed the message. It waits for an unreachable broker until ctx
// ends, where Nova waits without a limit: the database rows already announce the operation, so
// the message should not be dropped. The error is a *DeliveryError, or ctx's error if it was
// canceled.
func (c *Client) Cast(ctx context.Context, caller *reqctx.Caller, t Target, method string, args map[string]any) error {
	kind := KindCast
	if t.Fanout {
		kind = KindFanout
	}
	args, err := versioned.Args(args, c.release)
	if err != nil {
		return err
	}
	ctx, stop := profiled(ctx, t, method)
	err = c.t.send(ctx, c.envelope(ctx, kind, caller, t, method, args))
	stop(err)
	c.metrics.Message(string(kind), method, metricResult(err), 0)
	return err
}

// metricResult returns the label "result" of the metrics for a message that ended with err.
func metricResult(err error) string {
	var remote *RemoteError
	var late *TimeoutError
	switch {
	case err == nil:
		return metrics.ResultOK
	case errors.As(err, &remote):
		return metrics.ResultRemoteError
	case errors.As(err, &late):
		return metrics.ResultTimeout
	case errors.Is(err, context.Canceled):
		return metrics.ResultCanceled
	}
	return metrics.ResultUndelivered
}

func (c *Client) envelope(ctx context.Context, kind Kind, caller *reqctx.Caller, t Target, method string, args map[string]any) envelope {
	if t.Exchange == "" {
		t.Exchange = c.exchange
	}
	e := envelope{target: t, method: method, kind: kind, msg: newRequest(t, method, args), caller: caller}
	if at, traced := osprofiler.Current(ctx); traced && kind != KindNotification {
		e.trace = &at
	}
	return e
}

func formatSeconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
}
