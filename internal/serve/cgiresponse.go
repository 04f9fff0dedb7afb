package serve

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cgiResponse writes an answer as text: a status line, which HTTP and CGI begin
// differently, headers, and the body up to the end of the stream. It works like net/http's: an answer that ends before the buffer
// is full gets a Content-Length, a missing Content-Type is guessed.
type cgiResponse struct {
	conn       net.Conn
	out        *bufio.Writer
	method     string
	statusLine string // how the status line begins

	header   http.Header
	sent     http.Header // what goes out; nil before WriteHeader
	status   int
	pending  []byte // written by the handler before the header went out
	flushed  bool   // the header went out
	written  int64
	declared int64 // Content-Length of the handler, or -1
	err      error
}

// pendingLimit is how much of an answer is kept to find out its length.
const pendingLimit = 2048

func newCGIResponse(conn net.Conn, out io.Writer, method, statusLine string) *cgiResponse {
	return &cgiResponse{
		conn: conn, out: bufio.NewWriterSize(out, 4096), method: method, statusLine: statusLine, header: http.Header{}, declared: -1,
	}
}

func (w *cgiResponse) Header() http.Header { return w.header }

// WriteHeader fixes status and headers. Informational ones (1xx) are not for
// front ends and are dropped.
func (w *cgiResponse) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic("serve: invalid status " + strconv.Itoa(status))
	}
	if w.sent != nil || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.status, w.sent = status, w.header.Clone()
	if w.sent == nil {
		w.sent = http.Header{}
	}
	w.sent.Del("Transfer-Encoding")
	if !hasBody(status) && status != http.StatusNotModified {
		w.sent.Del("Content-Length")
	}
	if length := w.sent.Get("Content-Length"); length != "" {
		n, err := strconv.ParseInt(length, 10, 64)
		if err != nil || n < 0 {
			w.sent.Del("Content-Length")
		} else {
			w.declared = n
		}
	}
}

func hasBody(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

func (w *cgiResponse) Write(p []byte) (int, error) {
	if w.sent == nil {
		w.WriteHeader(http.StatusOK)
	}
	if !hasBody(w.status) {
		return 0, http.ErrBodyNotAllowed
	}
	if w.declared >= 0 && w.written+int64(len(p)) > w.declared {
		return 0, http.ErrContentLength
	}
	w.written += int64(len(p))
	if !w.flushed {
		if w.declared < 0 && len(w.pending)+len(p) <= pendingLimit {
			w.pending = append(w.pending, p...)
			return len(p), nil
		}
		w.sendHeader(p)
	}
	if w.err != nil {
		return 0, w.err
	}
	if w.method == http.MethodHead {
		return len(p), nil
	}
	n, err := w.out.Write(p)
	w.err = err
	return n, err
}

// sendHeader writes the header and what is pending; next follows it.
func (w *cgiResponse) sendHeader(next []byte) {
	w.flushed = true
	h := w.sent
	if _, ok := h["Content-Type"]; !ok && hasBody(w.status) && h.Get("Content-Encoding") == "" && len(w.pending)+len(next) > 0 {
		h.Set("Content-Type", http.DetectContentType(append(w.pending, next[:min(len(next), 512)]...)))
	}
	// Errors of a bufio.Writer stay, so that one look at the end is enough.
	_, _ = w.out.WriteString(w.statusLine + strconv.Itoa(w.status) + " " + statusText(w.status) + "\r\n")
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if !isToken(name) {
			continue
		}
		for _, value := range h[name] {
			_, _ = w.out.WriteString(name + ": " + oneLine.Replace(value) + "\r\n")
		}
	}
	_, _ = w.out.WriteString("\r\n")
	if w.method != http.MethodHead {
		_, _ = w.out.Write(w.pending)
	}
	w.pending = nil
	_, w.err = w.out.Write(nil)
}

// oneLine keeps header values from becoming headers.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ")

func statusText(status int) string {
	if s := http.StatusText(status); s != "" {
		return s
	}
	return "status code " + strconv.Itoa(status)
}

// FlushError sends what there is. http.ResponseController finds it.
func (w *cgiResponse) FlushError() error {
	if w.sent == nil {
		w.WriteHeader(http.StatusOK)
	}
	if !w.flushed {
		w.sendHeader(nil)
	}
	if err := w.out.Flush(); err != nil {
		w.err = err
	}
	return w.err
}

// Flush is http.Flusher.
func (w *cgiResponse) Flush() { _ = w.FlushError() }

// SetReadDeadline is for http.ResponseController.
func (w *cgiResponse) SetReadDeadline(t time.Time) error { return w.conn.SetReadDeadline(t) }

// finish completes the answer after the handler has returned.
func (w *cgiResponse) finish() error {
	if w.sent == nil {
		w.WriteHeader(http.StatusOK)
	}
	if !w.flushed && w.declared < 0 && hasBody(w.status) && (w.method != http.MethodHead || w.written > 0) {
		w.sent.Set("Content-Length", strconv.FormatInt(w.written, 10))
	}
	if err := w.FlushError(); err != nil {
		return err
	}
	if w.declared > w.written && w.method != http.MethodHead && hasBody(w.status) {
		return io.ErrShortWrite
	}
	return nil
}

// fail replaces an answer that has not gone out yet; it reports whether it could.
func (w *cgiResponse) fail(status int) bool {
	if w.flushed {
		return false
	}
	w.header, w.sent, w.pending, w.written, w.declared = http.Header{}, nil, nil, 0, -1
	w.header.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, http.StatusText(status)+"\n")
	_ = w.finish()
	return true
}
