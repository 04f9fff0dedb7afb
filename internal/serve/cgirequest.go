package serve

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"github.com/nova-go/nova/paste"
)

// variable is one CGI variable of a request.
type variable struct{ name, value string }

// bodySource provides the body of a request.
type bodySource interface {
	io.Reader
	// unsized returns the body of a request without CONTENT_LENGTH, and its length: 0 if there
	// is none, -1 if the length is not known in advance. encoding is the transfer encoding of
	// the client.
	unsized(encoding string) (io.Reader, int64, error)
}

// rawBody is a body that follows the variables without framing.
type rawBody struct{ io.Reader }

// unsized decodes chunks, which uWSGI's HTTP router passes on unchanged.
func (b rawBody) unsized(encoding string) (io.Reader, int64, error) {
	switch encoding {
	case "", "identity":
		return nil, 0, nil
	case "chunked":
		return httputil.NewChunkedReader(b.Reader), -1, nil
	}
	return nil, 0, badPacketf("transfer encoding %q is not known", encoding)
}

// cgiRequest builds a request from CGI variables, with a body from body. It returns a badPacket
// for a request that HTTP servers reject.
func cgiRequest(ctx context.Context, vars []variable, body bodySource) (*http.Request, error) {
	env := make(map[string]string, len(vars))
	r := (&http.Request{Header: make(http.Header, len(vars)), URL: &url.URL{}}).WithContext(ctx)
	for _, v := range vars {
		if name, ok := strings.CutPrefix(v.name, "HTTP_"); ok {
			if err := addHeader(r.Header, name, v.value); err != nil {
				return nil, err
			}
			continue
		}
		env[v.name] = v.value
	}
	r.Method = env["REQUEST_METHOD"]
	if !isToken(r.Method) {
		return nil, badPacketf("REQUEST_METHOD is %q", r.Method)
	}
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	if major, minor, ok := http.ParseHTTPVersion(env["SERVER_PROTOCOL"]); ok {
		r.Proto, r.ProtoMajor, r.ProtoMinor = env["SERVER_PROTOCOL"], major, minor
	}
	if t := env["CONTENT_TYPE"]; t != "" {
		if !validValue(t) {
			return nil, badPacketf("CONTENT_TYPE is %q", t)
		}
		r.Header.Set("Content-Type", t)
	}
	setHost(r, env)
	if a := env["REMOTE_ADDR"]; a != "" {
		port := env["REMOTE_PORT"]
		if port == "" {
			port = "0"
		}
		r.RemoteAddr = net.JoinHostPort(a, port)
	}
	if https := strings.ToLower(env["HTTPS"]); https == "on" || https == "1" ||
		strings.EqualFold(env["REQUEST_SCHEME"], "https") || strings.EqualFold(env["UWSGI_SCHEME"], "https") {
		r.URL.Scheme = "https"
	}
	r, err := withPath(r, env)
	if err != nil {
		return nil, err
	}
	return r, setBody(r, env, body)
}

// addHeader adds the header of the variable HTTP_name. It ignores Content-Type and
// Content-Length, which have their own variables: front servers that send both have validated
// only those.
func addHeader(h http.Header, name, value string) error {
	if name == "CONTENT_LENGTH" || name == "CONTENT_TYPE" {
		return nil
	}
	name = strings.ReplaceAll(name, "_", "-")
	if !isToken(name) || !validValue(value) {
		return badPacketf("bad header %q: %q", name, value)
	}
	name = textproto.CanonicalMIMEHeaderKey(name)
	if name == "Host" {
		h.Del(name) // replaces the value of nginx's default parameter file by the operator's later one
	}
	h[name] = append(h[name], value)
	return nil
}

func setHost(r *http.Request, env map[string]string) {
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host")
	if r.Host != "" {
		return
	}
	r.Host = env["SERVER_NAME"]
	if p := env["SERVER_PORT"]; r.Host != "" && p != "" && p != "80" && p != "443" {
		r.Host += ":" + p
	}
}

// withPath sets the path from SCRIPT_NAME and PATH_INFO. PATH_INFO is already decoded. If
// REQUEST_URI is consistent with it, URL.RawPath keeps the original escapes.
func withPath(r *http.Request, env map[string]string) (*http.Request, error) {
	r.RequestURI = env["REQUEST_URI"]
	rawPath, rawQuery, _ := strings.Cut(r.RequestURI, "?")
	r.URL.RawQuery = rawQuery
	if q, ok := env["QUERY_STRING"]; ok {
		r.URL.RawQuery = q
	}
	if strings.ContainsFunc(r.URL.RawQuery, isControl) {
		return nil, badPacketf("QUERY_STRING is %q", r.URL.RawQuery)
	}
	script, path := env["SCRIPT_NAME"], env["PATH_INFO"]
	if script == "/" || path != "" && strings.HasSuffix(script, "/") {
		// For /compute/, mod_proxy_uwsgi sends the slash in both variables.
		script = strings.TrimSuffix(script, "/")
	}
	raw, rawFits := cutEscaped(rawPath, script)
	if _, ok := env["PATH_INFO"]; !ok {
		unescaped, err := url.PathUnescape(raw)
		if !rawFits || err != nil {
			return nil, badPacketf("there is no PATH_INFO and REQUEST_URI is %q", r.RequestURI)
		}
		path = unescaped
	}
	if path != "" && path[0] != '/' && path != "*" || script != "" && script[0] != '/' {
		return nil, badPacketf("SCRIPT_NAME is %q, PATH_INFO is %q", script, path)
	}
	if unescaped, err := url.PathUnescape(path); rawFits && raw == path && err == nil {
		// Apache's mod_proxy_scgi does not decode PATH_INFO. A decoded path would differ from
		// REQUEST_URI.
		path = unescaped
	}
	r.URL.Path = path
	if rawFits {
		r.URL.RawPath = rawPathOf(path, raw)
	}
	if r.RequestURI == "" {
		r.RequestURI = (&url.URL{Path: script + path, RawQuery: r.URL.RawQuery}).RequestURI()
	}
	if script != "" {
		r = paste.WithScriptName(r, script)
	}
	return r, nil
}

// rawPathOf returns URL.RawPath for a path and its escaped form: "" where they do not belong
// together, or where the escaped form is the default one.
func rawPathOf(path, escaped string) string {
	unescaped, err := url.PathUnescape(escaped)
	if err != nil || unescaped != path || (&url.URL{Path: path}).EscapedPath() == escaped {
		return ""
	}
	return escaped
}

// cutEscaped removes from an escaped path the beginning that unescapes to prefix.
func cutEscaped(escaped, prefix string) (string, bool) {
	if prefix == "" {
		return escaped, true
	}
	for i := 1; i <= len(escaped); i++ {
		if i < len(escaped) && escaped[i] != '/' {
			continue
		}
		if p, err := url.PathUnescape(escaped[:i]); err == nil && p == prefix {
			return escaped[i:], true
		}
	}
	return "", false
}

// setBody sets the body and its length, from CONTENT_LENGTH or from the framing of the
// protocol.
func setBody(r *http.Request, env map[string]string, body bodySource) error {
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Transfer-Encoding")))
	r.Header.Del("Transfer-Encoding")
	r.Body = http.NoBody
	if length := env["CONTENT_LENGTH"]; length != "" {
		n, err := strconv.ParseUint(length, 10, 63)
		if err != nil {
			return badPacketf("CONTENT_LENGTH is %q", length)
		}
		r.ContentLength = int64(n)
		r.Header.Set("Content-Length", length)
		if n > 0 {
			r.Body = io.NopCloser(&exactReader{body, int64(n)})
		}
		return nil
	}
	unsized, n, err := body.unsized(encoding)
	if err != nil || n == 0 {
		return err
	}
	r.ContentLength = n
	r.TransferEncoding = []string{"chunked"}
	r.Body = io.NopCloser(unsized)
	return nil
}

// exactReader returns n bytes and then io.EOF, or io.ErrUnexpectedEOF if there are fewer.
type exactReader struct {
	r io.Reader
	n int64
}

func (e *exactReader) Read(p []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.n)])
	e.n -= int64(n)
	switch {
	case e.n == 0 && (err == nil || errors.Is(err, io.EOF)):
		return n, io.EOF
	case errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// isToken reports whether s is a valid method or header name.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// validValue reports whether s is a valid header value.
func validValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return isControl(r) && r != '\t' })
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
