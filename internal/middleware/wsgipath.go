package middleware

import "net/http"

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
