package middleware

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
)

// FaultWrapOptions are those of FaultWrap.
type FaultWrapOptions struct {
	// Log takes the panics, with their stacks.
	Log zerolog.Logger
}

// FaultWrap turns a panic of the application into Nova's computeFault, status
// 500. The client learns nothing of the reason. A panic after the answer has
// begun cuts the connection, so that nobody takes half an answer for a whole.
func FaultWrap(o FaultWrapOptions) func(http.Handler) http.Handler {
	logger := log.Named(o.Log, "nova.api.openstack")
	const body = `{"computeFault": {"code": 500, "message": "The server has either erred or is incapable of performing the requested operation."}}`
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec, r := withRecord(r)
			out := &response{ResponseWriter: w}
			defer func() {
				reason := recover()
				if reason == nil {
					return
				}
				if reason == http.ErrAbortHandler {
					panic(reason)
				}
				l := forRecord(logger, rec)
				l.Error().Str(log.FieldStack, string(debug.Stack())).Msgf("Caught error: %v", reason)
				l.Info().Msgf("%s returned with HTTP %d", requestURL(r), http.StatusInternalServerError)
				if out.status != 0 {
					panic(http.ErrAbortHandler)
				}
				h := w.Header()
				h.Del("Content-Encoding")
				h.Set("Content-Type", "application/json; charset=UTF-8")
				writeBody(w, r, http.StatusInternalServerError, []byte(body))
			}()
			next.ServeHTTP(out, r)
		})
	}
}

// requestURL is the URL as webob gives it.
func requestURL(r *http.Request) string {
	scheme := r.URL.Scheme
	if scheme == "" {
		scheme = "http"
		if r.TLS != nil {
			scheme = "https"
		}
	}
	return fmt.Sprintf("%s://%s%s", scheme, r.Host, requestURI(r, true))
}

// forRecord adds to a logger what is known of the request.
func forRecord(l zerolog.Logger, rec *Record) zerolog.Logger {
	return log.ForRequest(l, rec.RequestID, rec.GlobalRequestID, rec.User)
}
