package middleware

import (
	"net/http"
	"strconv"
)

// response lets a filter read and change an answer when its header is sent, as Python's filters
// do with the finished response. The body is passed through unless it is replaced.
type response struct {
	http.ResponseWriter
	// onHeader is called once, before the header is written, and may change w.Header(). It
	// returns the status to send, and a replacement of the handler's body; nil keeps that.
	onHeader func(status int) (int, []byte)

	status  int // the sent status; 0 before
	size    int64
	dropped bool // the handler's body is discarded

	kept *keptBody // gets a copy of the body, unless it is nil
}

// keptBody is a copy of the first maxKept bytes of a body.
type keptBody struct{ b []byte }

// maxKept bounds the copies of bodies, in bytes. A copy that is full has lost the end.
const maxKept = 1 << 20

func (k *keptBody) full() bool { return len(k.b) >= maxKept }

func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	var body []byte
	if w.onHeader != nil {
		status, body = w.onHeader(status)
	}
	w.status = status
	if body != nil {
		w.dropped = true
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.ResponseWriter.WriteHeader(status)
	if len(body) > 0 {
		_, _ = w.ResponseWriter.Write(body)
	}
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.dropped {
		return len(b), nil
	}
	n, err := w.ResponseWriter.Write(b)
	w.size += int64(n)
	if w.kept != nil {
		w.kept.b = append(w.kept.b, b[:min(n, maxKept-len(w.kept.b))]...)
	}
	return n, err
}

// finish sends the header of a handler that has written nothing.
func (w *response) finish() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
}

// Unwrap returns the wrapped writer for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
