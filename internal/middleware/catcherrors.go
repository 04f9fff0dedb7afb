package middleware

import (
	"net/http"
	"runtime/debug"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
)

// CatchErrorsOptions are those of CatchErrors.
type CatchErrorsOptions struct{ Log zerolog.Logger }

// CatchErrors is oslo.middleware's filter of that name: webob's page of a 500
// for a panic.
func CatchErrors(o CatchErrorsOptions) func(http.Handler) http.Handler {
	logger := log.Named(o.Log, "oslo_middleware.catch_errors")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := &response{ResponseWriter: w}
			defer func() {
				reason := recover()
				if reason == nil {
					return
				}
				if reason == http.ErrAbortHandler {
					panic(reason)
				}
				logger.Error().Str(log.FieldStack, string(debug.Stack())).Msgf("An error occurred during processing the request: %s %s: %v", r.Method, r.URL.Path, reason)
				if out.status != 0 {
					panic(http.ErrAbortHandler)
				}
				serverErrorPage.Write(w, r)
			}()
			next.ServeHTTP(out, r)
		})
	}
}
