package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nova-go/nova/internal/reqctx"
)

// Writes tells whether the operation may change anything: rows, other services, or
// what a host does. Such a request is not cancelled when its client goes away: see
// [API.uncancelled].
func (r *Route) Writes() bool {
	return (r.Do != nil || r.On != nil) && (r.Acts || r.Method != http.MethodGet && r.Method != http.MethodHead)
}

// defaultWriteTimeout is how long an operation that writes may take where Config
// does not say.
const defaultWriteTimeout = time.Hour

// maxWrites is how many operations that write run at the same time. Further ones wait
// before they begin, and give up with their client. It bounds what piles up while a
// message broker is away and clients come back again and again.
const maxWrites = 1024

// do runs the handler. An operation that reads is cancelled when its client goes
// away; one that writes is not, once it has begun.
func (a *API) do(req *Request, op *operation) (any, error) {
	client := req.Context()
	if op.Writes() {
		ctx, done, err := a.uncancelled(client)
		if err != nil {
			return nil, err
		}
		defer done()
		req.Request = req.Request.WithContext(ctx)
		return op.run(req)
	}
	reply, err := op.run(req)
	if errors.Is(client.Err(), context.Canceled) {
		return nil, cancelled(client) // the reply may lack what was not read any more
	}
	return reply, err
}

// run does what the row says.
func (r *Route) run(req *Request) (any, error) {
	if r.On != nil {
		return r.On.run(req, req.authorize)
	}
	return r.Do(req)
}

// cancelled is the error of an operation whose request was cancelled: by its client,
// which logs and metrics then say, or by the end of the process.
func cancelled(client context.Context) error {
	if reqctx.ClientGone(client) {
		return &earlyFault{&Fault{Status: reqctx.StatusClientGone, Message: "The client has gone away."}}
	}
	return context.Cause(client)
}

// uncancelled is the context for an operation that writes. It has the request's
// values and a deadline of its own, and does not end with the client: Nova's workers
// do not notice that a client has gone, and an operation that stops half-way leaves
// servers in a task state that nobody ends. done must be called when the operation
// has ended. A client that goes away before its operation has begun is an error.
func (a *API) uncancelled(client context.Context) (_ context.Context, done func(), err error) {
	select {
	case a.writing <- struct{}{}:
	case <-client.Done():
		return nil, nil, cancelled(client)
	}
	a.writes.Add(1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(client), a.WriteTimeout)
	return ctx, func() {
		cancel()
		a.writes.Done()
		<-a.writing
	}, nil
}

// Wait returns when no operation that writes is running. It is for the end of an
// application, when no further requests come.
func (a *API) Wait() { a.writes.Wait() }
