package rest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"

	"github.com/nova-go/nova/internal/metrics"
)

// measuredTransport returns a transport that records metrics and spans of each attempt, sends the headers of osprofiler,
// and gives failures keystoneauth's classes.
func measuredTransport(t http.RoundTripper, o Options) http.RoundTripper {
	t = &namingTransport{t}
	if o.Traces != nil {
		t = otelhttp.NewTransport(t, otelhttp.WithTracerProvider(o.Traces), otelhttp.WithPropagators(propagation.TraceContext{}),
			otelhttp.WithMeterProvider(noop.NewMeterProvider()),
			otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return o.Group + " " + r.Method }))
	}
	t = &profiledTransport{t}
	if o.Metrics == nil {
		return t
	}
	return &measuringTransport{t, o.Metrics, o.Group}
}

type measuringTransport struct {
	http.RoundTripper
	to      *metrics.Metrics
	service string
}

// RoundTrip implements http.RoundTripper. It measures the time until the head of the answer.
func (c *measuringTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	answer, err := c.RoundTripper.RoundTrip(r)
	status := 0
	switch {
	case err == nil:
		status = answer.StatusCode
	case errors.Is(err, context.Canceled):
		status = metrics.ServiceCanceled // the service is not responsible for it
	}
	c.to.Service(c.service, r.Method, status, time.Since(began))
	return answer, err
}

// CloseIdleConnections closes the idle connections of the wrapped transport; http.Client calls it.
func (c *measuringTransport) CloseIdleConnections() { closeIdle(c.RoundTripper) }
