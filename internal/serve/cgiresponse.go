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

// cgiResponse writes an answer as text: a status line, whose beginning differs between HTTP and
// CGI, headers, and the body up to the end of the stream. As in net/http, an answer that fits
// into the buffer gets a Content-Length, and a missing Content-Type is detected from the
// content.
type cgiResponse struct {
	conn       net.Conn
	out        *bufio.Writer
	method     string
	statusLine string // the beginning of the status line

	header   http.Header
	sent     http.Header // the headers to send; nil before WriteHeader
	status   int
	pending  []byte // body bytes, before the header is sent
	flushed  bool   // the header has been sent
	written  int64
	declared int64 // Content-Length set by the handler, or -1
	err      error
}

// pendingLimit is the size in bytes up to which an answer is buffered to determine its length.
const pendingLimit = 2048

func newCGIResponse(conn net.Conn, out io.Writer, method, statusLine string) *cgiResponse {
	return &cgiResponse{
		conn: conn, out: bufio.NewWriterSize(out, 4096), method: method, statusLine: statusLine, header: http.Header{}, declared: -1,
	}
}

func (w *cgiResponse) Header() http.Header { return w.header }

// WriteHeader sets status and headers. Informational statuses (1xx) are dropped, because front
// servers do not expect them.
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

// sendHeader writes the header and the pending bytes; next are the bytes that follow them.
func (w *cgiResponse) sendHeader(next []byte) {
	w.flushed = true
	h := w.sent
	if _, ok := h["Content-Type"]; !ok && hasBody(w.status) && h.Get("Content-Encoding") == "" && len(w.pending)+len(next) > 0 {
		h.Set("Content-Type", http.DetectContentType(append(w.pending, next[:min(len(next), 512)]...)))
	}
	// bufio.Writer keeps its first error, so that one check at the end is sufficient.
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

// oneLine removes line breaks from header values, which would otherwise add headers.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ")

func statusText(status int) string {
	if s := http.StatusText(status); s != "" {
		return s
	}
	return "status code " + strconv.Itoa(status)
}

// FlushError sends the buffered bytes; http.ResponseController calls it.
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

// Flush implements http.Flusher.
func (w *cgiResponse) Flush() { _ = w.FlushError() }

// SetReadDeadline sets the deadline of the connection; http.ResponseController calls it.
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

// fail replaces an answer whose header has not been sent; it reports whether this was possible.
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
