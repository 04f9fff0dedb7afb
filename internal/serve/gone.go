package serve

import (
	"context"
	"errors"
	"net/http"
	"os"
	"syscall"
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
			if s.cutOff.Err() == nil && !c.awaitDeath() {
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

// awaitDeath waits until both directions of the connection are closed, and returns true; after
// interrupt it returns false. It may be called only while nothing else reads from the
// connection.
func (c *conn) awaitDeath() bool {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	// The function is called again at each change of the connection's state.
	err = raw.Read(isDead)
	return err == nil || !errors.Is(err, os.ErrDeadlineExceeded)
}

// interrupt ends awaitDeath; over is closed when it has returned. For an incomplete body
// interrupt keeps the deadline, because net/http continues to read it.
func (c *conn) interrupt(over <-chan struct{}, body *pacedBody) {
	select {
	case <-body.whole():
	default: // awaitDeath is not running
		<-over
		return
	}
	select {
	case <-over:
		return
	default:
	}
	_ = c.Conn.SetReadDeadline(aLongTimeAgo)
	<-over
	_ = c.Conn.SetReadDeadline(time.Time{})
}
