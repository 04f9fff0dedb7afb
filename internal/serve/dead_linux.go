package serve

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// isDead reports whether a connection is closed in both directions: it was reset, or it is a unix
// socket whose other end is closed. A TCP client that has closed its socket cannot be
// distinguished from one that has closed only its sending side, until the server writes to it.
func isDead(fd uintptr) bool {
	poll := []unix.PollFd{{Fd: int32(fd)}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0
}

// awaitDeath waits until both directions of the connection are closed, and returns true; after
// interrupt it returns false. It may be called only while nothing else reads from the
// connection.
func (c *conn) awaitDeath(context.Context, context.Context) bool {
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
