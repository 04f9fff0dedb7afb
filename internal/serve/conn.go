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
	parent *Parent // that may go on so; nil is none
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
	if !ok || l.others() || !refuseNew(l.Listener) || d.SetDeadline(time.Now().Add(lastCalls)) != nil {
		_ = l.Close()
	}
}

// others tells whether another process listens on the same socket.
func (l *listener) others() bool { return l.shared.Load() || l.parent.lends() }

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
		now := time.Now()
		first, why, since := c, busy, int64(0)
		for other := range w.conns {
			if y, t := other.patience(now); y > why || y == why && y != busy && t < since {
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

// turn says for whom a connection waits. When there are too many, those with the
// highest go first, and of these the one that has waited longest.
type turn int

const (
	busy    turn = iota // handlers are at work
	pausing             // an answer has not gone on for stalledBriefly
	idle                // it is the client's turn to send a request, or more of one
	stalled             // an answer has not gone on for stalledLong
)

const (
	stalledBriefly = 50 * time.Millisecond
	stalledLong    = time.Second
)

// conn is a connection. It allows timeout for every 64 KiB that are written, so
// that a large answer may take long but not stand still.
type conn struct {
	net.Conn
	listener *listener
	handlers atomic.Int32 // that are at work, and do not wait for the client
	since    atomic.Int64 // nanoseconds; when it became the client's turn to send a request
	spoke    atomic.Bool  // the client has sent something
	closed   atomic.Bool
	writing  atomic.Int64 // nanoseconds; when the write that is under way has begun, or 0
	streams  atomic.Int32 // of HTTP/2, whose answers wait for the client
	progress atomic.Int64 // nanoseconds; when one of these has gone on
	pending  atomic.Int64 // bytes of their answers
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

// beginStreamWrite and endStreamWrite stand around the writing of n bytes of an
// answer over HTTP/2: it is the client's turn to take them.
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

// overburdened tells that too much of what the client does not take is held for it.
func (c *conn) overburdened() bool { return c != nil && c.pending.Load() > pendingAnswers }

// patience tells for whom the connection waits, and since when.
func (c *conn) patience(now time.Time) (turn, int64) {
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
