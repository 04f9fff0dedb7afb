package middleware

import (
	"net/http"
	"runtime/debug"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
)

// CatchErrorsOptions configure CatchErrors.
type CatchErrorsOptions struct{ Log zerolog.Logger }

// CatchErrors is oslo.middleware's filter catch_errors: after a panic it answers with webob's
// page for status 500.
func CatchErrors(o CatchErrorsOptions) func(http.Handler) http.Handler {
	logger := log.Named(o.Log, "oslo_middleware.catch_errors")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := &filter.Response{ResponseWriter: w}
			defer func() {
				reason := recover()
				if reason == nil {
					return
				}
				if reason == http.ErrAbortHandler {
					panic(reason)
				}
				logger.Error().Str(log.FieldStack, string(debug.Stack())).Msgf("An error occurred during processing the request: %s %s: %v", r.Method,
					r.URL.Path, reason)
				if out.Status != 0 {
					panic(http.ErrAbortHandler)
				}
				serverErrorPage.Write(w, r)
			}()
			next.ServeHTTP(out, r)
		})
	}
}
