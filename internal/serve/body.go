package serve

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// pacedBody ends requests of clients that send a body too slowly. Only the time of waiting for
// the client counts. It is limited to grace plus the time that the rate allows for the received
// bytes.
type pacedBody struct {
	io.ReadCloser
	conn        *conn // may be nil
	setDeadline func(time.Time) error
	rate        int // bytes per second
	allowance   time.Duration
	done        bool
	complete    chan struct{} // closed when the whole body has been received
}

func newPacedBody(body io.ReadCloser, c *conn, setDeadline func(time.Time) error, o *Options) *pacedBody {
	return &pacedBody{ReadCloser: body, conn: c, setDeadline: setDeadline, rate: o.MinBodyRate, allowance: o.BodyGrace,
		complete: make(chan struct{})}
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.done {
		return b.ReadCloser.Read(p)
	}
	start := time.Now()
	if err := b.setDeadline(start.Add(b.allowance)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	b.conn.yield()
	n, err := b.ReadCloser.Read(p)
	b.conn.resume()
	b.allowance += time.Duration(n)*time.Second/time.Duration(b.rate) - time.Since(start)
	b.allowance = max(b.allowance, 0)
	if err != nil {
		b.done = true
		if errors.Is(err, io.EOF) {
			close(b.complete)
			// After this, reads from the connection do not belong to the body.
			_ = b.setDeadline(time.Time{})
		}
	}
	return n, err
}

// whole returns a channel that is closed when the client has sent the whole request. A nil body
// is complete.
func (b *pacedBody) whole() <-chan struct{} {
	if b == nil {
		return completeBody
	}
	return b.complete
}

var completeBody = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// leave sets the deadline for reads that discard the rest of the body.
func (b *pacedBody) leave() {
	if !b.done {
		_ = b.setDeadline(time.Now().Add(b.allowance))
	}
}

// guarded wraps the handler of HTTP connections: it paces bodies, records whether the
// connection waits for the client or for a handler, detects disconnected clients, and ends
// keep-alive when the source is about to stop. It must not change net/http's own request, from
// which net/http decides whether the connection can be reused.
func (s *httpSource) guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(connKey{}).(*conn)
		c.enter()
		defer c.leave()
		if s.stopping.Load() {
			w.Header().Set("Connection", "close")
		}
		var body *pacedBody
		if r.Body != nil && r.Body != http.NoBody {
			body = newPacedBody(r.Body, c, http.NewResponseController(w).SetReadDeadline, s.options)
			if r.ProtoMajor == 1 { // in HTTP/2 nothing is read after the handler, because the stream ends with it
				body.leave()
				defer body.leave()
			}
		}
		var stream *streamResponse
		if r.ProtoMajor == 2 {
			stream = &streamResponse{ResponseWriter: w, conn: c, timeout: s.options.WriteTimeout}
			w = stream
		}
		ctx, end := s.lifetime(r, c, body)
		defer end()
		r = r.WithContext(ctx)
		if r.Host == "" && !r.ProtoAtLeast(1, 1) {
			r.Host = s.name()
		}
		if body != nil {
			r.Body = body
		}
		h.ServeHTTP(w, r)
		if stream != nil {
			stream.finish()
		}
	})
}
