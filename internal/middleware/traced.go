package middleware

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/reqctx"
)

// Traced creates a span for each request, in the trace of the client's traceparent. Its name is
// the operation that NoteOperation sets, and it has the request id. A nil provider creates none
// and costs nothing.
func Traced(p trace.TracerProvider, service string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if p == nil {
			return next
		}
		named := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec, r := WithRecord(r)
			defer func() {
				span := trace.SpanFromContext(r.Context())
				if op := rec.operation.Name(); op != "" {
					span.SetName(op)
				}
				if rec.RequestID != "" {
					span.SetAttributes(attribute.String("openstack.request_id", rec.RequestID))
				}
				if rec.version != "" {
					span.SetAttributes(attribute.String("openstack.api_version", rec.version))
				}
			}()
			out := &filter.Response{ResponseWriter: w, OnHeader: func(status int) (int, []byte) {
				// A cancelled request is not an error of the span.
				return reqctx.Answered(r.Context(), status), nil
			}}
			next.ServeHTTP(out, r)
		})
		return otelhttp.NewHandler(named, service, otelhttp.WithTracerProvider(p),
			otelhttp.WithPropagators(propagation.TraceContext{}), otelhttp.WithMeterProvider(noop.NewMeterProvider()))
	}
}
