package api

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/reqctx"
)

// Writes reports whether the operation may change rows, other services or hosts. Such a request
// is not cancelled when its client disconnects: see [API.uncancelled].
func (r *Route) Writes() bool {
	return (r.Do != nil || r.On != nil) && (r.Acts || r.Method != http.MethodGet && r.Method != http.MethodHead)
}

// defaultWriteTimeout is the maximum duration of a writing operation if Config has none.
const defaultWriteTimeout = time.Hour

// maxWrites is the maximum number of concurrent writing operations. Further operations wait
// before they begin, and are cancelled if their client disconnects. It bounds the number of
// waiting operations while a message broker is unreachable and clients repeat their requests.
const maxWrites = 1024

// Writes are the writing operations in progress. Applications that share it, such as those of two
// releases of which one replaces the other, share the limit. The zero value is ready for use.
type Writes struct {
	once    sync.Once
	slots   chan struct{} // bounds the number of operations
	running sync.WaitGroup
}

// begin waits for a slot. It returns false if ctx ends before.
func (w *Writes) begin(ctx context.Context) bool {
	w.once.Do(func() { w.slots = make(chan struct{}, maxWrites) })
	select {
	case w.slots <- struct{}{}:
		w.running.Add(1)
		return true
	case <-ctx.Done():
		return false
	}
}

func (w *Writes) end() {
	w.running.Done()
	<-w.slots
}

// Wait waits until no writing operation runs. It is called at the end of an application, when
// no further requests arrive.
func (w *Writes) Wait() { w.running.Wait() }

// do runs the handler. A reading operation is cancelled when its client disconnects; a writing
// operation is not cancelled after its start.
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
		return nil, cancelled(client) // the reply may be incomplete
	}
	return reply, err
}

// run calls the handler of the row.
func (r *Route) run(req *Request) (any, error) {
	if r.On != nil {
		return r.On.run(req, req.authorize)
	}
	return r.Do(req)
}

// cancelled returns the error of a cancelled request: 499 in logs and metrics if the client
// disconnected, otherwise the end of the process.
func cancelled(client context.Context) error {
	if reqctx.ClientGone(client) {
		return &earlyFault{&Fault{Status: reqctx.StatusClientGone, Message: "The client has gone away."}}
	}
	return context.Cause(client)
}

// uncancelled returns the context for a writing operation. It has the values of the request's
// context and its own deadline, and does not end with the client: Nova's workers do not notice
// a disconnected client, and an interrupted operation would leave servers in a task state that
// nothing resets. The caller must call done when the operation has ended. uncancelled returns
// an error if the client disconnects before the operation has begun.
func (a *API) uncancelled(client context.Context) (_ context.Context, done func(), err error) {
	if !a.Config.Writes.begin(client) {
		return nil, nil, cancelled(client)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(client), a.WriteTimeout)
	return ctx, func() {
		cancel()
		a.Config.Writes.end()
	}, nil
}
