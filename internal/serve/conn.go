package serve

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// listener wraps accepted connections: it counts them, closes those whose clients do not read,
// and if there are too many closes the one that has waited longest for its client.
type listener struct {
	net.Listener
	timeout time.Duration
	conns   *connSet
	open    atomic.Int64
	// accepting is the number of connections that are being accepted and are not counted as
	// open yet.
	accepting atomic.Int32
	gone      atomic.Bool // withdraw was called
	closed    atomic.Bool
	// shared is true while another process listens on the same socket.
	shared atomic.Bool
	parent *Parent // the parent process that may listen on the socket; nil: none
}

func newListener(l net.Listener, o *Options) *listener {
	return &listener{Listener: l, timeout: o.WriteTimeout, conns: o.conns}
}

// errWithdrawn ends the accept loop of a withdrawn listener.
var errWithdrawn = errors.New("the listener is withdrawn")

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l *listener) accept() (*conn, error) {
	l.accepting.Add(1)
	defer l.accepting.Add(-1)
	nc, err := l.Listener.Accept()
	for err != nil && l.gone.Load() && !l.closed.Load() && hasQueued(l.Listener) {
		// acceptGrace was too short to accept all queued connections.
		_ = l.Listener.(deadliner).SetDeadline(time.Now().Add(acceptGrace))
		nc, err = l.Listener.Accept()
	}
	if err != nil {
		if l.gone.Load() {
			_ = l.Close()
			return nil, errWithdrawn
		}
		return nil, err
	}
	c := &conn{Conn: nc, listener: l}
	c.since.Store(time.Now().UnixNano())
	l.open.Add(1)
	l.conns.add(c)
	return c, nil
}

type deadliner interface{ SetDeadline(time.Time) error }

// acceptGrace is the time for accepting the queued connections of a listener that refuses new
// ones.
const acceptGrace = 20 * time.Millisecond

// withdraw ends the accept loop. Connections in the queue are served: a socket that no other
// process uses refuses new connections until its queue is empty, and a shared socket leaves its
// queue to the other process.
func (l *listener) withdraw() {
	if l.gone.Swap(true) {
		return
	}
	d, ok := l.Listener.(deadliner)
	if !ok || l.isShared() || !refuseNew(l.Listener) || d.SetDeadline(time.Now().Add(acceptGrace)) != nil {
		_ = l.Close()
	}
}

// isShared reports whether another process listens on the same socket.
func (l *listener) isShared() bool { return l.shared.Load() || l.parent.lends() }

// isUnused reports that no connection is open and none can be opened.
func (l *listener) isUnused() bool {
	return l.closed.Load() && l.accepting.Load() == 0 && l.open.Load() == 0
}

// Close implements net.Listener. Further calls have no effect.
func (l *listener) Close() error {
	l.gone.Store(true)
	if l.closed.Swap(true) {
		return nil
	}
	return l.Listener.Close()
}

// connSet is the set of open connections of all listeners.
type connSet struct {
	limit int
	mu    sync.Mutex
	conns map[*conn]bool
}

func (w *connSet) add(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.conns) >= w.limit {
		now := time.Now()
		first, why, since := c, busy, int64(0)
		for other := range w.conns {
			if y, t := other.waitingSince(now); y > why || y == why && y != busy && t < since {
				first, why, since = other, y, t
			}
		}
		delete(w.conns, first)
		_ = first.Conn.Close()
		if first == c {
			return
		}
	}
	w.conns[c] = true
}

func (w *connSet) remove(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c)
}

// closeSilent closes the connections of a listener on which the client has sent nothing.
func (w *connSet) closeSilent(l *listener) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		if c.listener == l && !c.spoke.Load() {
			_ = c.Conn.Close()
		}
	}
}

// waitState is the state of a connection. If there are too many, connections with the highest state
// are closed first, and among these the one that has waited longest.
type waitState int

const (
	busy    waitState = iota // a handler runs
	pausing                  // an answer has made no progress for stalledBriefly
	idle                     // the server waits for a request, or for the rest of one
	stalled                  // an answer has made no progress for stalledLong
)

const (
	stalledBriefly = 50 * time.Millisecond
	stalledLong    = time.Second
)

// conn is a connection. Each write of 64 KiB may take at most timeout, so that a large answer
// may take long but must make progress.
type conn struct {
	net.Conn
	listener *listener
	handlers atomic.Int32 // running handlers that do not wait for the client
	since    atomic.Int64 // nanoseconds; the begin of the wait for a request
	spoke    atomic.Bool  // the client has sent bytes
	closed   atomic.Bool
	writing  atomic.Int64 // nanoseconds; the begin of the current write, or 0
	streams  atomic.Int32 // HTTP/2 streams whose answers wait for the client
	progress atomic.Int64 // nanoseconds; the last progress of one of these streams
	pending  atomic.Int64 // bytes of their answers
}

type connKey struct{}

// enter and leave are called before and after the handler of a request.
func (c *conn) enter() {
	if c != nil {
		c.handlers.Add(1)
	}
}

func (c *conn) leave() {
	if c != nil {
		c.since.Store(time.Now().UnixNano())
		c.handlers.Add(-1)
	}
}

// yield and resume are called before and after the wait for a part of a body. In between, the
// connection counts as waiting for the client since the client was to send the request.
func (c *conn) yield() {
	if c != nil {
		c.handlers.Add(-1)
	}
}

func (c *conn) resume() {
	if c != nil {
		c.handlers.Add(1)
	}
}

// beginStreamWrite and endStreamWrite are called before and after the write of n bytes of an
// HTTP/2 answer. In between, the stream waits for the client.
func (c *conn) beginStreamWrite(n int) {
	if c == nil {
		return
	}
	c.pending.Add(int64(n))
	if c.streams.Add(1) == 1 {
		c.streamProgress()
	}
	c.yield()
}

func (c *conn) endStreamWrite(n int) {
	if c == nil {
		return
	}
	c.resume()
	c.streamProgress()
	c.streams.Add(-1)
	c.pending.Add(-int64(n))
}

func (c *conn) streamProgress() {
	if c != nil {
		c.progress.Store(time.Now().UnixNano())
	}
}

// hasTooMuchPending reports whether the unsent bytes of answers exceed pendingAnswers.
func (c *conn) hasTooMuchPending() bool { return c != nil && c.pending.Load() > pendingAnswers }

// waitingSince returns the state of the connection, and since when it is in this state.
func (c *conn) waitingSince(now time.Time) (waitState, int64) {
	working := c.handlers.Load() > 0
	since := c.writing.Load()
	if since == 0 && !working && c.streams.Load() > 0 {
		since = c.progress.Load()
	}
	stands := time.Duration(0)
	if since != 0 {
		stands = time.Duration(now.UnixNano() - since)
	}
	switch {
	case stands > stalledLong:
		return stalled, since
	case !working && since != 0:
		return idle, since
	case !working:
		return idle, c.since.Load()
	case stands > stalledBriefly:
		return pausing, since
	}
	return busy, 0
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.spoke.Load() {
		c.spoke.Store(true)
	}
	return n, err
}

const writeStep = 64 << 10

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	written := 0
	for {
		if err := c.SetWriteDeadline(time.Now().Add(c.listener.timeout)); err != nil {
			return written, err
		}
		c.writing.Store(time.Now().UnixNano())
		n, err := c.Conn.Write(b[:min(len(b), writeStep)])
		c.writing.Store(0)
		written += n
		b = b[n:]
		if err != nil || len(b) == 0 {
			return written, err
		}
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	if !c.closed.Swap(true) {
		c.listener.open.Add(-1)
		c.listener.conns.remove(c)
	}
	return c.Conn.Close()
}

// CloseWrite closes the sending side, if the connection supports it.
func (c *conn) CloseWrite() error {
	if cw, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return errors.ErrUnsupported
}
