package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// Client sends to the services behind one transport URL. It is safe for
// concurrent use; get it from a [Pool].
type Client struct {
	t        transport
	metrics  *metrics.Metrics
	exchange string // control_exchange
	timeout  time.Duration
}

// transport is how messages travel. Both of its methods return once the broker
// has the message, and wait for a broker no longer than ctx.
type transport interface {
	// call sends m, a request without its reply's address, and waits for the
	// reply, which has to come within the options' timeout.
	call(ctx context.Context, e envelope, o CallOptions) (json.RawMessage, error)
	send(ctx context.Context, e envelope) error
	close() error
}

// envelope is a message with its address.
type envelope struct {
	target Target // with its exchange
	method string
	kind   Kind
	msg    message
	caller *reqctx.Caller
	bare   bool // without the envelope, as notifications of version 1
	tries  int  // to deliver it; 0: until ctx ends
}

// Kind is how a message is sent.
type Kind string

// The kinds of messages.
const (
	KindCall         Kind = "call"
	KindCast         Kind = "cast"
	KindFanout       Kind = "fanout"
	KindNotification Kind = "notification"
)

// Call invokes method on one server and waits for its result, as JSON (null for
// None). args are encoded with encoding/json, the structs of package objects in
// their versioned form. caller is who asks; nil is the service itself (Nova's admin
// context).
//
// Errors: *RemoteError for an exception of the server, *TimeoutError if no reply
// came, *DeliveryError if no broker took the message, ctx's error if it was
// cancelled. A call waits for a broker that is away until ctx ends, as Nova's waits for
// ever; its timeout begins when there is one.
func (c *Client) Call(ctx context.Context, caller *reqctx.Caller, t Target, method string, args map[string]any,
	o CallOptions) (json.RawMessage, error) {
	if t.Fanout {
		return nil, errors.New("rpc: a call cannot be used with fanout")
	}
	if o.Timeout <= 0 {
		o.Timeout = c.timeout
	}
	args, err := versioned.Args(args)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	reply, err := c.t.call(ctx, c.envelope(KindCall, caller, t, method, args), o)
	c.metrics.Message(string(KindCall), method, result(err), time.Since(began))
	return reply, err
}

// Cast invokes method on one server, or with t.Fanout on all, and returns once
// the broker has the message. It waits for a broker that is away until ctx ends, as
// Nova's waits for ever: the rows say already what is going to happen. The error is
// a *DeliveryError, or ctx's if that was cancelled.
func (c *Client) Cast(ctx context.Context, caller *reqctx.Caller, t Target, method string, args map[string]any) error {
	kind := KindCast
	if t.Fanout {
		kind = KindFanout
	}
	args, err := versioned.Args(args)
	if err != nil {
		return err
	}
	err = c.t.send(ctx, c.envelope(kind, caller, t, method, args))
	c.metrics.Message(string(kind), method, result(err), 0)
	return err
}

// result is what metrics say of the end of a message.
func result(err error) string {
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

func (c *Client) envelope(kind Kind, caller *reqctx.Caller, t Target, method string, args map[string]any) envelope {
	if t.Exchange == "" {
		t.Exchange = c.exchange
	}
	return envelope{target: t, method: method, kind: kind, msg: newRequest(t, method, args), caller: caller}
}

func formatSeconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
}
