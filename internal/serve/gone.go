package serve

import (
	"context"
	"net/http"
	"time"

	"github.com/nova-go/nova/internal/reqctx"
)

// lifetime returns the context of an HTTP request's handler, and a function to call when the
// handler has returned.
//
// net/http ends its own context when it can read no more from the client. This is correct for
// HTTP/2, where a client that has closed its side cannot continue. Over HTTP/1.1 a client may
// close its sending side after the request and wait for the answer. There the context ends only
// when the system reports the connection as dead, or when the source is closed.
func (s *httpSource) lifetime(r *http.Request, c *conn, body *pacedBody) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	waits := r.ProtoMajor == 1 && c != nil
	over := make(chan struct{})
	stop := context.AfterFunc(r.Context(), func() {
		defer close(over)
		if waits {
			// net/http reads from the connection after the end of the body, and may detect the
			// client's end before the handler's own read of the body has returned.
			select {
			case <-body.whole():
			case <-s.cutOff.Done():
			case <-ctx.Done():
				return
			}
			if s.cutOff.Err() == nil && !c.awaitDeath(ctx, s.cutOff) {
				return // the handler has returned
			}
		}
		if s.cutOff.Err() != nil {
			cancel(reqctx.ErrCutOff)
			return
		}
		cancel(context.Canceled)
	})
	return ctx, func() {
		cancel(nil)
		if !stop() && waits {
			c.interrupt(over, body)
		}
	}
}

// aLongTimeAgo is a deadline that ends reads at once.
var aLongTimeAgo = time.Unix(1, 0)
