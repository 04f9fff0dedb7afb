package middleware

import (
	"net/http"

	"github.com/nova-go/nova/internal/webob"
	"github.com/nova-go/nova/paste"
)

// DecodedPath removes the escaped form of the path from a request, as in WSGI, so that all
// later handlers decide by the same path as the router.
func DecodedPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawPath != "" {
			r = r.WithContext(r.Context())
			u := *r.URL
			u.RawPath = ""
			r.URL = &u
		}
		next.ServeHTTP(w, r)
	})
}

// wsgiPath returns the path of a request in webob's form: SCRIPT_NAME and PATH_INFO, quoted.
func wsgiPath(r *http.Request) string { return webob.QuotePath(paste.ScriptName(r) + r.URL.Path) }

// headerOrUnknown returns a header, which may be empty, or "unknown" if it is absent.
func headerOrUnknown(h http.Header, name string) string {
	if _, ok := h[name]; !ok {
		return unknownValue
	}
	return headerList(h, name)
}

// withHeaders copies a request with its headers, so that they can be changed.
func withHeaders(r *http.Request) *http.Request {
	r = r.WithContext(r.Context())
	r.Header = r.Header.Clone()
	return r
}
