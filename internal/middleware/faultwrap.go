package middleware

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
)

// FaultWrapOptions configure FaultWrap.
type FaultWrapOptions struct {
	// Log receives the panics with their stacks.
	Log zerolog.Logger
}

// FaultWrap answers a panic of the application with Nova's computeFault, status 500, which does
// not contain the reason. After the answer has begun, a panic closes the connection, so that
// clients can detect an incomplete answer.
func FaultWrap(o FaultWrapOptions) func(http.Handler) http.Handler {
	logger := log.Named(o.Log, "nova.api.openstack")
	const body = `{"computeFault": {"code": 500, "message": "The server has either erred or is incapable of performing the requested` +
		` operation."}}`
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec, r := WithRecord(r)
			out := &filter.Response{ResponseWriter: w}
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
				if out.Status != 0 {
					panic(http.ErrAbortHandler)
				}
				h := w.Header()
				h.Del("Content-Encoding")
				h.Set("Content-Type", "application/json; charset=UTF-8")
				filter.WriteBody(w, r, http.StatusInternalServerError, []byte(body))
			}()
			next.ServeHTTP(out, r)
		})
	}
}

// requestURL returns the URL in webob's form.
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

// forRecord returns a logger with the fields of a request's record.
func forRecord(l zerolog.Logger, rec *Record) zerolog.Logger {
	return log.ForRequest(l, rec.RequestID, rec.GlobalRequestID, rec.User)
}
