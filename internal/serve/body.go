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
	setDeadline func(time.Time) error
	rate        int // bytes a second
	allowance   time.Duration
	done        bool
}

func newPacedBody(body io.ReadCloser, setDeadline func(time.Time) error, o *Options) *pacedBody {
	return &pacedBody{ReadCloser: body, setDeadline: setDeadline, rate: o.MinBodyRate, allowance: o.BodyGrace}
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.done {
		return b.ReadCloser.Read(p)
	}
	start := time.Now()
	if err := b.setDeadline(start.Add(b.allowance)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	b.allowance += time.Duration(n)*time.Second/time.Duration(b.rate) - time.Since(start)
	b.allowance = max(b.allowance, 0)
	if err != nil {
		b.done = true
		if err == io.EOF {
			// What is read from now on is not the body any more.
			_ = b.setDeadline(time.Time{})
		}
	}
	return n, err
}

// leave sets the deadline for those who read on only to discard the rest.
func (b *pacedBody) leave() {
	if !b.done {
		_ = b.setDeadline(time.Now().Add(b.allowance))
	}
}

// paced guards the bodies of net/http's requests. net/http must keep its own
// request as it is, since by that it decides whether the connection is still
// good after the answer.
func paced(h http.Handler, o *Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			b := newPacedBody(r.Body, http.NewResponseController(w).SetReadDeadline, o)
			b.leave()
			defer b.leave()
			guarded := *r
			guarded.Body = b
			r = &guarded
		}
		h.ServeHTTP(w, r)
	})
}
