package middleware

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/middleware/filter"
)

// CorrelationID is oslo.middleware's filter correlation_id: it adds X-Correlation-Id to
// requests without one.
func CorrelationID() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Correlation-Id") == "" {
				r = filter.WithHeaders(r)
				r.Header.Set("X-Correlation-Id", uuid.NewString())
			}
			next.ServeHTTP(w, r)
		})
	}
}
