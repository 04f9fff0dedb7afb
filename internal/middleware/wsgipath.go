package middleware

import (
	"net/http"
	"strings"

	"github.com/nova-go/nova/paste"
)

// wsgiPath is what webob calls a request's path: SCRIPT_NAME and PATH_INFO, quoted.
func wsgiPath(r *http.Request) string { return quotePath(paste.ScriptName(r) + r.URL.Path) }

// quotePath quotes all that webob does not leave alone in paths.
func quotePath(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/~!$&'()*+,;=:@_.-", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// headerOr is a header, which may be empty, or what stands for it where it is
// absent.
func headerOr(h http.Header, name, absent string) string {
	if _, ok := h[name]; !ok {
		return absent
	}
	return joined(h, name)
}

// withHeaders copies a request with its headers, so that they may be changed.
func withHeaders(r *http.Request) *http.Request {
	r = r.WithContext(r.Context())
	r.Header = r.Header.Clone()
	return r
}
