package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/rest"
)

func TestTraced(t *testing.T) {
	var parent string
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { parent = r.Header.Get("traceparent") }))
	defer service.Close()
	spans := tracetest.NewSpanRecorder()
	p := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	session, err := rest.New(rest.Options{Group: "neutron", Traces: p})
	if err != nil {
		t.Fatal(err)
	}
	var none *metrics.Metrics
	op := none.Operation("servers.show")
	app := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		middleware.NoteOperation(r.Context(), op, "2.90")
		ask, err := http.NewRequestWithContext(r.Context(), "GET", service.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := session.HTTP().Do(ask)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	})
	r := httptest.NewRequest("GET", "/servers/x", nil)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	r.Header.Set("traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	middleware.Traced(p, "nova-api")(app).ServeHTTP(httptest.NewRecorder(), r)
	if !strings.HasPrefix(parent, "00-"+trace+"-") || strings.Contains(parent, "b7ad6b7169203331") {
		t.Errorf("the service was told %q", parent)
	}
	var names []string
	for _, s := range spans.Ended() {
		names = append(names, s.Name())
	}
	if strings.Join(names, ",") != "neutron GET,servers.show" {
		t.Errorf("spans %v", names)
	}
}
