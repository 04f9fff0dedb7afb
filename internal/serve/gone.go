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

// lifetime gives a request over HTTP the context that its handler is to see, and
// what to call when the handler is done.
//
// net/http ends its own context as soon as nothing more can be read from the
// client. That is right for HTTP/2, where clients that have closed their side can
// go on with nothing. But over HTTP/1.1 a client may close its sending side after
// the request and wait for the answer: there the context ends only when the system
// knows the connection to be dead, or when the source is closed.
func (s *httpSource) lifetime(r *http.Request, c *conn, body *pacedBody) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	waits := r.ProtoMajor == 1 && c != nil
	over := make(chan struct{})
	stop := context.AfterFunc(r.Context(), func() {
		defer close(over)
		if waits {
			// net/http reads on at the end of the body, and may find the client's
			// end before the handler's own read of the body has returned.
			select {
			case <-body.whole():
			case <-s.cutOff.Done():
			case <-ctx.Done():
				return
			}
			if s.cutOff.Err() == nil && !c.awaitDeath() {
				return // the handler is done
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

// aLongTimeAgo ends reads at once.
var aLongTimeAgo = time.Unix(1, 0)

// awaitDeath waits until neither side of the connection is open any more, and
// tells whether that is so; it is not after interrupt. It may be called when
// nothing else reads from the connection.
func (c *conn) awaitDeath() bool {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	// It is woken whenever the state of the connection changes.
	err = raw.Read(dead)
	return err == nil || !errors.Is(err, os.ErrDeadlineExceeded)
}

// interrupt ends awaitDeath, which closes over. It leaves the deadline of a body
// that has not all come, for net/http reads on.
func (c *conn) interrupt(over <-chan struct{}, body *pacedBody) {
	select {
	case <-body.whole():
	default: // nobody is in awaitDeath
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
