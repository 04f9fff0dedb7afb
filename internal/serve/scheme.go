package serve

import (
	"net/http"
	"strings"
)

// forwardedScheme takes the scheme of a request from X-Forwarded-Proto, or
// X-Forwarded-Ssl: on, whoever sends it: uWSGI, in whose place this stands, does
// so on all its sockets, and deployments' links rely on it.
func forwardedScheme(h http.Handler) http.Handler {
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
