package middleware

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ErrTimeLimit is the cause of the context of a request that has taken too long for TimeLimit.
var ErrTimeLimit = errors.New("the request has taken too long")

// TimeLimit closes the connection of a request that takes longer than limit, without an answer, as uWSGI's harakiri does. In
// HTTP/2 it resets the stream. over is called for each of these requests. The context of the request is cancelled; its
// handler goes on until it notices, and writing operations go on to their end.
func TimeLimit(limit time.Duration, over func(r *http.Request, began time.Time)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			ctx, cancel := context.WithCancelCause(r.Context())
			out := &abandonable{to: w, header: w.Header().Clone()}
			body := &abandonableBody{ReadCloser: r.Body}
			inner := r.WithContext(ctx)
			if r.Body != nil && r.Body != http.NoBody {
				inner.Body = body
			}
			ended := make(chan any, 1) // receives what the handler panics with, or nil
			go func() {
				defer func() {
					ended <- recover()
					cancel(nil)
				}()
				next.ServeHTTP(out, inner)
			}()
			timer := time.NewTimer(limit)
			defer timer.Stop()
			select {
			case reason := <-ended:
				if reason != nil {
					panic(reason)
				}
				out.finish()
			case <-timer.C:
				cancel(ErrTimeLimit)
				c := http.NewResponseController(w)
				_ = c.SetWriteDeadline(time.Unix(1, 0)) // of a Write in progress
				out.abandon()
				body.abandon(c)
				over(r, began)
				panic(http.ErrAbortHandler)
			}
		})
	}
}

// abandonableBody is the body of a request that cannot be read after abandon. net/http uses the buffer of a connection for
// another one after its handler has ended.
type abandonableBody struct {
	io.ReadCloser
	reading   sync.Mutex
	abandoned atomic.Bool
}

func (b *abandonableBody) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	if b.abandoned.Load() {
		return 0, ErrTimeLimit
	}
	return b.ReadCloser.Read(p)
}

// abandon ends a Read in progress, where the connection has deadlines, and waits for its end.
func (b *abandonableBody) abandon(c *http.ResponseController) {
	b.abandoned.Store(true)
	for !b.reading.TryLock() {
		if c.SetReadDeadline(time.Unix(1, 0)) != nil {
			return
		}
		time.Sleep(time.Millisecond) // the Read may have set another deadline after ours
	}
	b.reading.Unlock()
}

// abandonable is a http.ResponseWriter that refuses to write after abandon.
type abandonable struct {
	header http.Header // belongs to the handler

	mu   sync.Mutex
	to   http.ResponseWriter // nil after abandon
	sent bool
}

func (w *abandonable) Header() http.Header { return w.header }

func (w *abandonable) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(status)
}

func (w *abandonable) writeHeader(status int) {
	if w.to == nil || w.sent {
		return
	}
	clear(w.to.Header())
	maps.Copy(w.to.Header(), w.header)
	w.to.WriteHeader(status)
	w.sent = status >= 200 || status == http.StatusSwitchingProtocols
}

func (w *abandonable) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.to == nil {
		return 0, ErrTimeLimit
	}
	w.writeHeader(http.StatusOK)
	return w.to.Write(b)
}

// finish sends the header of a handler that has written nothing.
func (w *abandonable) finish() { w.WriteHeader(http.StatusOK) }

// abandon ends writing. It waits for a Write in progress.
func (w *abandonable) abandon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = nil
}
