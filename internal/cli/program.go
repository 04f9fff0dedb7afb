package cli

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
	"github.com/nova-go/nova/metadata"
)

// Build builds the application of a configuration. It is called again for every reload; ctx
// ends when the application is no longer in use. Metrics and traces belong to the process, and
// are the same for all of its applications.
type Build func(ctx context.Context, c *config.Config, o Observers) (http.Handler, error)

// Observers are the destinations of an application's metrics, traces and errors.
type Observers struct {
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	Traces  trace.TracerProvider // nil: no traces
	Fail    func(error)          // receives the reason for which the process must end
	NeedApp bool                 // uWSGI's need-app: without an application the process ends
	Events  func(http.Handler)   // receives the handler of the events of servers; nil: they are not served
}

// Program is one of the two services.
type Program struct {
	Name  string // the name of the program in oslo.config
	App   string // the name in uWSGI files and in nova.conf's enabled_ssl_apis
	Port  int    // the default port
	Build Build
	// Metrics returns the option with the address of the metrics; "" means none.
	Metrics func(*config.Config) string
	// Events returns the option with the address of the events of servers; "" means none. It is nil for a program without events.
	Events func(*config.Config) string
}

// Metadata is nova-metadata, which nova-api also hosts when it is called uwsgi.
func Metadata() Program {
	return Program{Name: metadata.Prog, App: uwsgiini.Metadata, Port: 8775,
		Metrics: func(c *config.Config) string { return c.WSGI.MetadataMetrics },
		Build: func(ctx context.Context, c *config.Config, o Observers) (http.Handler, error) {
			return metadata.New(ctx, metadata.Options{
				Config: c, Log: &o.Log, Metrics: o.Metrics, Traces: o.Traces, Fail: o.Fail, NeedApp: o.NeedApp,
			})
		}}
}
