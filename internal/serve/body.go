package serve

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// pacedBody cuts off clients that send a body too slowly. Only the time spent
// waiting for the client counts: grace, and what the rate allows for the bytes
// that came.
type pacedBody struct {
	io.ReadCloser
	conn        *conn // may be nil
	setDeadline func(time.Time) error
	rate        int // bytes a second
	allowance   time.Duration
	done        bool
	complete    chan struct{} // closed when all of it has come
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
			// What is read from now on is not the body any more.
			_ = b.setDeadline(time.Time{})
		}
	}
	return n, err
}

// whole is closed when the client has sent all of its request. nil is no body.
func (b *pacedBody) whole() <-chan struct{} {
	if b == nil {
		return nothingToCome
	}
	return b.complete
}

var nothingToCome = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// leave sets the deadline for those who read on only to discard the rest.
func (b *pacedBody) leave() {
	if !b.done {
		_ = b.setDeadline(time.Now().Add(b.allowance))
	}
}

// guarded stands around the handler of HTTP connections: it paces bodies, tells
// the connection who is waiting for whom, decides when a client is gone, and ends
// keep-alive when the source is about to stop. net/http must keep its own request
// as it is, since by that it decides whether the connection is still good after
// the answer.
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
			if r.ProtoMajor == 1 { // of HTTP/2 nobody reads on, the stream ends with the handler
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
		if body != nil {
			r.Body = body
		}
		h.ServeHTTP(w, r)
		if stream != nil {
			stream.finish()
		}
	})
}
