package serve

import (
	"net/http"
	"sync"
	"time"
)

// What one connection of HTTP/2 may hold. A stream whose client takes nothing of
// its answer for Options.WriteTimeout is reset; while the answers of a connection
// that wait for their client are more than pendingAnswers bytes, that time is the
// hurriedth part of it.
const (
	maxStreams     = 100
	streamWindow   = 64 << 10  // of a body that the handler has not read
	connWindow     = 256 << 10 // of all bodies
	pendingAnswers = 8 << 20
	hurried        = 12
	// streamLife is for a whole request with its answer, unless the answer goes on.
	streamLife = time.Hour
)

func http2Limits(o *Options) *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          maxStreams,
		MaxReceiveBufferPerStream:     streamWindow,
		MaxReceiveBufferPerConnection: connWindow,
		// Clients that are gone without a word do not answer.
		SendPingTimeout: o.IdleTimeout,
	}
}

// streamResponse is the answer on a stream of HTTP/2. The client decides by its
// windows when it takes it, one for each stream, of which the connection below
// knows nothing. So what allows timeout for every writeStep bytes, and tells that
// it is the client's turn, stands here.
type streamResponse struct {
	http.ResponseWriter
	conn    *conn // may be nil
	timeout time.Duration
	written bool
	life    time.Time // when the stream is reset, if its answer has begun to go out

	mu      sync.Mutex
	waiting bool // for the client
	alarm   *time.Timer
}

// Unwrap is for http.ResponseController.
func (w *streamResponse) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write is http.ResponseWriter's.
func (w *streamResponse) Write(b []byte) (int, error) {
	w.written = true
	w.prolong()
	w.conn.beginStreamWrite(len(b))
	defer w.conn.endStreamWrite(len(b))
	written := 0
	for {
		var n int
		err := w.patiently(func() (err error) {
			n, err = w.ResponseWriter.Write(b[:min(len(b), writeStep)])
			return err
		})
		written += n
		b = b[n:]
		if err != nil || len(b) == 0 {
			return written, err
		}
		w.conn.streamProgress()
		w.prolong()
	}
}

// prolong lets a stream live on whose answer is going out.
func (w *streamResponse) prolong() {
	now := time.Now()
	switch {
	case w.life.IsZero():
		w.life = now.Add(streamLife / 2) // the stream is older than the answer
	case w.life.Sub(now) < streamLife/4:
		w.life = now.Add(streamLife)
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(w.life)
	}
}

// FlushError is for http.ResponseController.
func (w *streamResponse) FlushError() error {
	w.conn.beginStreamWrite(0)
	defer w.conn.endStreamWrite(0)
	return w.patiently(http.NewResponseController(w.ResponseWriter).Flush)
}

// finish gives the client the time for what net/http sends only after the handler:
// up to 4 KiB.
func (w *streamResponse) finish() {
	if w.written {
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.timeout))
	}
}

// patiently writes; the stream is reset if that takes too long.
func (w *streamResponse) patiently(write func() error) error {
	timeout := w.timeout
	if w.conn.overburdened() {
		timeout /= hurried
	}
	w.mu.Lock()
	w.waiting = true
	if w.alarm == nil {
		w.alarm = time.AfterFunc(timeout, w.reset)
	} else {
		w.alarm.Reset(timeout)
	}
	w.mu.Unlock()
	err := write()
	w.mu.Lock()
	w.waiting = false
	w.alarm.Stop()
	w.mu.Unlock()
	return err
}

// reset ends the stream of a client that does not take its answer. It holds the
// lock, for net/http's response must not be used after its handler.
func (w *streamResponse) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting {
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(aLongTimeAgo)
	}
}
