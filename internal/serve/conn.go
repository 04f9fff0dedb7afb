package serve

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// listener makes connections that are counted, that give up on clients which do
// not read, and of which the one that has kept us waiting longest is closed when
// there are too many.
type listener struct {
	net.Listener
	timeout time.Duration
	crowd   *crowd
	open    atomic.Int64
	// accepting: a connection that is being taken is not among the open ones yet.
	accepting atomic.Int32
	gone      atomic.Bool // withdrawn
	closed    atomic.Bool
	// shared: another process goes on listening on the same socket.
	shared atomic.Bool
}

func newListener(l net.Listener, o *Options) *listener {
	return &listener{Listener: l, timeout: o.WriteTimeout, crowd: o.crowd}
}

// errWithdrawn ends an accept loop that has been told to stop.
var errWithdrawn = errors.New("the listener is withdrawn")

// Accept is net.Listener's.
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
	for err != nil && l.gone.Load() && !l.closed.Load() && queued(l.Listener) {
		// The last calls were too short for all who had come.
		_ = l.Listener.(deadliner).SetDeadline(time.Now().Add(lastCalls))
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
	l.crowd.add(c)
	return c, nil
}

type deadliner interface{ SetDeadline(time.Time) error }

// lastCalls is how long connections are taken out of the queue of a listener
// that lets no new ones in.
const lastCalls = 20 * time.Millisecond

// withdraw ends the accept loop. Whoever has connected by now is served: a
// socket that is ours alone lets nobody in any more, and then its queue is
// emptied. A shared one just stays with the others.
func (l *listener) withdraw() {
	if l.gone.Swap(true) {
		return
	}
	d, ok := l.Listener.(deadliner)
	if !ok || l.shared.Load() || !refuseNew(l.Listener) || d.SetDeadline(time.Now().Add(lastCalls)) != nil {
		_ = l.Close()
	}
}

// deserted tells that nobody is connected and nobody can connect any more.
func (l *listener) deserted() bool {
	return l.closed.Load() && l.accepting.Load() == 0 && l.open.Load() == 0
}

// Close is net.Listener's. Only the first one counts.
func (l *listener) Close() error {
	l.gone.Store(true)
	if l.closed.Swap(true) {
		return nil
	}
	return l.Listener.Close()
}

// crowd are the open connections of all listeners.
type crowd struct {
	limit int
	mu    sync.Mutex
	conns map[*conn]bool
}

func (w *crowd) add(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.conns) >= w.limit {
		var slowest *conn
		for other := range w.conns {
			if other.waiting() && (slowest == nil || other.since.Load() < slowest.since.Load()) {
				slowest = other
			}
		}
		if slowest == nil {
			slowest = c
		}
		delete(w.conns, slowest)
		_ = slowest.Conn.Close()
		if slowest == c {
			return
		}
	}
	w.conns[c] = true
}

func (w *crowd) remove(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c)
}

// closeSilent closes the connections of a listener that have never said anything.
func (w *crowd) closeSilent(l *listener) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		if c.listener == l && !c.spoke.Load() {
			_ = c.Conn.Close()
		}
	}
}

// conn is a connection. It allows timeout for every 64 KiB that are written, so
// that a large answer may take long but not stand still.
type conn struct {
	net.Conn
	listener *listener
	handlers atomic.Int32 // that are at work, and do not wait for the client
	since    atomic.Int64 // nanoseconds; when it became the client's turn to send a request
	spoke    atomic.Bool  // the client has sent something
	closed   atomic.Bool
}

type connKey struct{}

// enter and leave stand around the handler of a request.
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

// yield and resume stand around the wait for a piece of a body: it is the
// client's turn, and that since it was to send the request.
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

func (c *conn) waiting() bool { return c.handlers.Load() <= 0 }

// Read is net.Conn's.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && !c.spoke.Load() {
		c.spoke.Store(true)
	}
	return n, err
}

const writeStep = 64 << 10

// Write is net.Conn's.
func (c *conn) Write(b []byte) (int, error) {
	written := 0
	for {
		if err := c.SetWriteDeadline(time.Now().Add(c.listener.timeout)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(b[:min(len(b), writeStep)])
		written += n
		b = b[n:]
		if err != nil || len(b) == 0 {
			return written, err
		}
	}
}

// Close is net.Conn's.
func (c *conn) Close() error {
	if !c.closed.Swap(true) {
		c.listener.open.Add(-1)
		c.listener.crowd.remove(c)
	}
	return c.Conn.Close()
}

// CloseWrite tells the other side that nothing more comes, where the
// connection can.
func (c *conn) CloseWrite() error {
	if cw, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return errors.ErrUnsupported
}
