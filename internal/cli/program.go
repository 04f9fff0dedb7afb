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

// Build makes the application of a configuration. It is called again for every
// reload; ctx ends when the application is no longer in use. Metrics and
// traces are those of the process, the same for all of them.
type Build func(ctx context.Context, c *config.Config, o Observers) (http.Handler, error)

// Observers are where an application says what it does.
type Observers struct {
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	Traces  trace.TracerProvider // nil: nowhere
	Fail    func(error)          // takes why the process must end
	NeedApp bool                 // uWSGI's: a process without its application ends
}

// Program is one of the two services.
type Program struct {
	Name  string // as oslo.config knows it
	App   string // as uWSGI's files and nova.conf's enabled_ssl_apis name it
	Port  int    // where it listens when nothing is said
	Build Build
	// Metrics is the option that says where metrics are shown, "" for nowhere.
	Metrics func(*config.Config) string
}

// Metadata is nova-metadata. nova-api hosts it, too, under the name uwsgi.
func Metadata() Program {
	return Program{Name: metadata.Prog, App: uwsgiini.Metadata, Port: 8775,
		Metrics: func(c *config.Config) string { return c.WSGI.MetadataMetrics },
		Build: func(ctx context.Context, c *config.Config, o Observers) (http.Handler, error) {
			return metadata.New(ctx, metadata.Options{
				Config: c, Log: &o.Log, Metrics: o.Metrics, Traces: o.Traces, Fail: o.Fail, NeedApp: o.NeedApp,
			})
		}}
}
