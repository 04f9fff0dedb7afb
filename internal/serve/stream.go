package serve

import (
	"net/http"
	"sync"
	"time"
)

// Limits of an HTTP/2 connection. A stream is reset if its client receives nothing of the
// answer for Options.WriteTimeout. While the unsent answers of a connection exceed
// pendingAnswers bytes, this time is divided by hurriedDivisor.
const (
	maxStreams     = 100
	streamWindow   = 64 << 10  // bytes of a body that the handler has not read
	connWindow     = 256 << 10 // bytes of all bodies
	pendingAnswers = 8 << 20
	hurriedDivisor = 12
	// streamLife bounds a request and its answer, unless the answer makes progress.
	streamLife = time.Hour
)

func http2Limits(o *Options) *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          maxStreams,
		MaxReceiveBufferPerStream:     streamWindow,
		MaxReceiveBufferPerConnection: connWindow,
		// Disconnected clients do not answer PINGs.
		SendPingTimeout: o.IdleTimeout,
	}
}

// streamResponse is the answer on an HTTP/2 stream. The client controls the progress of each
// stream by its window, which the connection below does not know. streamResponse therefore
// applies the timeout to every writeStep bytes, and records that the stream waits for the
// client.
type streamResponse struct {
	http.ResponseWriter
	conn    *conn // may be nil
	timeout time.Duration
	written bool
	life    time.Time // when the stream is reset, if its answer has begun to be sent

	mu      sync.Mutex
	waiting bool // the stream waits for the client
	alarm   *time.Timer
}

// Unwrap returns the wrapped writer for http.ResponseController.
func (w *streamResponse) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write implements http.ResponseWriter.
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

// prolong moves the deadline of a stream whose answer is being sent.
func (w *streamResponse) prolong() {
	now := time.Now()
	switch {
	case w.life.IsZero():
		w.life = now.Add(streamLife / 2) // the stream has existed longer than the answer
	case w.life.Sub(now) < streamLife/4:
		w.life = now.Add(streamLife)
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(w.life)
	}
}

// FlushError sends the buffered bytes; http.ResponseController calls it.
func (w *streamResponse) FlushError() error {
	w.conn.beginStreamWrite(0)
	defer w.conn.endStreamWrite(0)
	return w.patiently(http.NewResponseController(w.ResponseWriter).Flush)
}

// finish sets the deadline for up to 4 KiB that net/http sends after the handler has returned.
func (w *streamResponse) finish() {
	if w.written {
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.timeout))
	}
}

// patiently calls write; if it takes too long, the stream is reset.
func (w *streamResponse) patiently(write func() error) error {
	timeout := w.timeout
	if w.conn.hasTooMuchPending() {
		timeout /= hurriedDivisor
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

// reset ends the stream of a client that does not receive its answer. It holds the lock,
// because net/http's response must not be used after its handler has returned.
func (w *streamResponse) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting {
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(aLongTimeAgo)
	}
}
