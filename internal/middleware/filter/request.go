// Package filter has what the filters of paste pipelines share: requests in the terms of WSGI, answers as they are sent, and
// the options of sections.
package filter

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/webob"
	"github.com/nova-go/nova/paste"
)

// WSGIPath returns the path of a request in webob's form: SCRIPT_NAME and PATH_INFO, quoted.
func WSGIPath(r *http.Request) string { return webob.QuotePath(paste.ScriptName(r) + r.URL.Path) }

// HeaderList returns a header as WSGI servers do: repeated headers are joined in one line.
func HeaderList(h http.Header, name string) string {
	switch v := h[name]; len(v) {
	case 0:
		return ""
	case 1:
		return v[0]
	default:
		return strings.Join(v, ",")
	}
}

// RemoteAddr is WSGI's REMOTE_ADDR: the peer without its port, or the value that
// http_proxy_to_wsgi has set.
func RemoteAddr(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// WithHeaders copies a request with its headers, so that they can be changed.
func WithHeaders(r *http.Request) *http.Request {
	r = r.WithContext(r.Context())
	r.Header = r.Header.Clone()
	return r
}

// PeekBody returns the first bytes of a request's body, which the request keeps.
func PeekBody(r *http.Request, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, limit))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), r.Body), r.Body}
	return text, err
}

// WriteBody writes an answer with its length, and without its body to HEAD.
func WriteBody(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
