package middleware

import (
	"net/http"
	"strconv"
)

// response lets a filter see and change an answer when its header goes out, as
// filters in Python do with the finished response. Bodies pass through unless
// replaced.
type response struct {
	http.ResponseWriter
	// onHeader runs once, before the header is written; it may change
	// w.Header(). It gives the status to send, and the body that is to go out in
	// place of the handler's; nil keeps that.
	onHeader func(status int) (int, []byte)

	status  int // as sent; 0 while nothing is
	size    int64
	dropped bool // the handler's body is not wanted
}

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
	return n, err
}

// finish sends the header of a handler that wrote nothing at all.
func (w *response) finish() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
