package middleware_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/reqctx"
)

// What fails after the client has left is counted, logged and traced as that, and
// not as an error; what fails for the service stops is one.
func TestClientGone(t *testing.T) {
	for name, c := range map[string]struct {
		cause  error
		answer int // of the handler
		want   string
	}{
		"an error after the client has left": {context.Canceled, 500, "499"},
		"no Keystone for nobody waits":       {context.Canceled, 503, "499"},
		"an answer all the same":             {context.Canceled, 202, "202"},
		"a fault of the client's":            {context.Canceled, 404, "404"},
		"the service stops":                  {reqctx.ErrCutOff, 500, "500"},
		"an error":                           {nil, 500, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			m, err := metrics.On(registry)
			if err != nil {
				t.Fatal(err)
			}
			var logged bytes.Buffer
			spans := tracetest.NewSpanRecorder()
			p := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
			ctx, cancel := context.WithCancelCause(t.Context())
			app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.cause != nil {
					cancel(c.cause)
				}
				w.WriteHeader(c.answer)
			})
			h := middleware.Traced(p, "nova-api")(middleware.Measure(m)(middleware.RequestLog(middleware.RequestLogOptions{Log: zerolog.New(&logged)})(app)))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/servers", nil).WithContext(ctx))
			if !strings.Contains(logged.String(), " status: "+c.want+" ") {
				t.Errorf("logged: %s", &logged)
			}
			if got := statusCounted(t, registry); got != c.want {
				t.Errorf("counted: %s", got)
			}
			if ended := spans.Ended(); len(ended) != 1 || (ended[0].Status().Code == codes.Error) != (c.want == "500") {
				t.Errorf("traced: %v", ended)
			}
		})
	}
}

// statusCounted is the one status that requests were counted with.
func statusCounted(t *testing.T, r *prometheus.Registry) (status string) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "nova_requests_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "status" {
					status += l.GetValue()
				}
			}
		}
	}
	return status
}
