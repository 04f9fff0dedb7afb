package filter

import (
	"net/http"
	"strconv"
)

// Response lets a filter read and change an answer when its header is sent, as Python's filters
// do with the finished response. The body is passed through unless it is replaced.
type Response struct {
	http.ResponseWriter
	// OnHeader is called once, before the header is written, and may change w.Header(). It
	// returns the status to send, and a replacement of the handler's body; nil keeps that.
	OnHeader func(status int) (int, []byte)

	Status  int // the sent status; 0 before
	Size    int64
	dropped bool // the handler's body is discarded

	Kept *Kept // gets a copy of the body, unless it is nil
}

// Kept is a copy of the first MaxKept bytes of a body.
type Kept struct{ B []byte }

// MaxKept bounds the copies of bodies, in bytes. A copy that is full has lost the end.
const MaxKept = 1 << 20

// Full reports whether the copy may have lost the end.
func (k *Kept) Full() bool { return len(k.B) >= MaxKept }

// WriteHeader implements http.ResponseWriter.
func (w *Response) WriteHeader(status int) {
	if w.Status != 0 {
		return
	}
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	var body []byte
	if w.OnHeader != nil {
		status, body = w.OnHeader(status)
	}
	w.Status = status
	if body != nil {
		w.dropped = true
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.ResponseWriter.WriteHeader(status)
	if len(body) > 0 {
		_, _ = w.ResponseWriter.Write(body)
	}
}

// Write implements http.ResponseWriter.
func (w *Response) Write(b []byte) (int, error) {
	if w.Status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.dropped {
		return len(b), nil
	}
	n, err := w.ResponseWriter.Write(b)
	w.Size += int64(n)
	if w.Kept != nil {
		w.Kept.B = append(w.Kept.B, b[:min(n, MaxKept-len(w.Kept.B))]...)
	}
	return n, err
}

// Finish sends the header of a handler that has written nothing.
func (w *Response) Finish() {
	if w.Status == 0 {
		w.WriteHeader(http.StatusOK)
	}
}

// Unwrap returns the wrapped writer for http.ResponseController.
func (w *Response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
