package middleware

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
)

// CORSOptions configure CORS, as [cors] does.
type CORSOptions struct {
	// AllowedOrigins are origins, or "*".
	AllowedOrigins   []string
	AllowCredentials bool
	ExposeHeaders    []string
	MaxAge           int // seconds; 0: the header is not sent
	AllowMethods     []string
	AllowHeaders     []string
	Log              zerolog.Logger
}

// simpleHeaders are always allowed.
var simpleHeaders = []string{"Accept", "Accept-Language", "Content-Type", "Cache-Control", "Content-Language", "Expires",
	"Last-Modified", "Pragma"}

type corsFilter struct {
	CORSOptions
	headers []string // allowed request headers, in upper case
	log     zerolog.Logger
}

// CORS tells browsers which requests pages of other origins may send, as oslo.middleware's
// filter does. An answer to OPTIONS that is not 2xx is replaced by an empty one with status
// 200, without the application's headers, even if CORS is not configured.
func CORS(o CORSOptions) func(http.Handler) http.Handler {
	f := &corsFilter{CORSOptions: o, log: log.Named(o.Log, "oslo_middleware.cors")}
	for _, h := range slices.Concat(o.AllowHeaders, simpleHeaders) {
		f.headers = append(f.headers, strings.ToUpper(h))
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, hasOrigin := r.Header["Origin"]
			if r.Method != http.MethodOptions && (!hasOrigin || len(o.AllowedOrigins) == 0) {
				next.ServeHTTP(w, r)
				return
			}
			out := &filter.Response{ResponseWriter: w}
			out.OnHeader = func(status int) (int, []byte) {
				h := w.Header()
				if _, set := h["Access-Control-Allow-Origin"]; set {
					return status, nil // an inner filter or the application has set it
				}
				if r.Method != http.MethodOptions {
					f.actual(h, r)
					return status, nil
				}
				var body []byte
				if status < 200 || status >= 300 {
					clear(h)
					// The nil value stops net/http from adding a type to the empty body.
					h["Content-Type"] = nil
					status, body = http.StatusOK, []byte{}
				}
				f.preflight(h, r)
				return status, body
			}
			next.ServeHTTP(out, r)
			out.Finish()
		})
	}
}

// allows returns the value of Access-Control-Allow-Origin for an origin.
func (f *corsFilter) allows(origin string) (string, bool) {
	switch {
	case slices.Contains(f.AllowedOrigins, origin):
		return origin, true
	case slices.Contains(f.AllowedOrigins, "*"):
		return "*", true
	}
	f.log.Debug().Msgf("CORS request from origin '%s' not permitted.", origin)
	return "", false
}

func (f *corsFilter) preflight(h http.Header, r *http.Request) {
	if _, ok := r.Header["Origin"]; !ok {
		return
	}
	origin, ok := f.allows(filter.HeaderList(r.Header, "Origin"))
	if !ok {
		return
	}
	if _, ok := r.Header["Access-Control-Request-Method"]; !ok {
		f.log.Debug().Msg("CORS request does not contain Access-Control-Request-Method header.")
		return
	}
	method := filter.HeaderList(r.Header, "Access-Control-Request-Method")
	if !slices.Contains(f.AllowMethods, method) {
		f.log.Debug().Msgf("Request method '%s' not in permitted list: %q", method, f.AllowMethods)
		return
	}
	var wanted []string
	for name := range strings.SplitSeq(filter.HeaderList(r.Header, "Access-Control-Request-Headers"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !slices.Contains(f.headers, strings.ToUpper(name)) {
			f.log.Debug().Msgf("Request header '%s' not in permitted list: %q", name, f.headers)
			return
		}
		wanted = append(wanted, name)
	}
	h.Set("Vary", "Origin")
	h.Set("Access-Control-Allow-Origin", origin)
	if f.AllowCredentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if f.MaxAge != 0 {
		h.Set("Access-Control-Max-Age", strconv.Itoa(f.MaxAge))
	}
	h.Set("Access-Control-Allow-Methods", method)
	if wanted != nil {
		h.Set("Access-Control-Allow-Headers", strings.Join(wanted, ","))
	}
}

func (f *corsFilter) actual(h http.Header, r *http.Request) {
	origin, ok := f.allows(filter.HeaderList(r.Header, "Origin"))
	if !ok {
		return
	}
	if vary := h.Values("Vary"); len(vary) > 0 {
		h.Set("Vary", strings.Join(vary, ", ")+",Origin")
	} else {
		h.Set("Vary", "Origin")
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if f.AllowCredentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(f.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(f.ExposeHeaders, ","))
	}
}
