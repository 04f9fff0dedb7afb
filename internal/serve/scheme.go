package serve

import (
	"net/http"
	"strings"
)

// ForwardedScheme sets the scheme of a request from X-Forwarded-Proto, or from X-Forwarded-Ssl:
// on, of any client. uWSGI does this on all its sockets, and the links of deployments depend on
// it.
func ForwardedScheme(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme := r.Header.Get("X-Forwarded-Proto")
		if scheme == "" && r.Header.Get("X-Forwarded-Ssl") == "on" {
			scheme = "https"
		}
		if scheme != "" && strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-") == "" {
			u := *r.URL
			u.Scheme = scheme
			r2 := *r
			r2.URL = &u
			r = &r2
		}
		h.ServeHTTP(w, r)
	})
}
