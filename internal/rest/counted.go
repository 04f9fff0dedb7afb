package rest

import (
	"net/http"
	"time"

	"github.com/nova-go/nova/internal/metrics"
)

// counted is a transport whose calls are counted, each try of its own.
func counted(t http.RoundTripper, o Options) http.RoundTripper {
	if o.Metrics == nil {
		return t
	}
	return &counter{t, o.Metrics, o.Group}
}

type counter struct {
	http.RoundTripper
	to      *metrics.Metrics
	service string
}

// RoundTrip implements http.RoundTripper. The time is that until the head of the
// answer.
func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	answer, err := c.RoundTripper.RoundTrip(r)
	status := 0
	if err == nil {
		status = answer.StatusCode
	}
	c.to.Neighbour(c.service, r.Method, status, time.Since(began))
	return answer, err
}

// CloseIdleConnections is what http.Client asks of its transport.
func (c *counter) CloseIdleConnections() {
	if t, ok := c.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
