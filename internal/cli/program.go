package cli

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

	"github.com/nova-go/nova/compute"
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
}

// Compute is nova-api.
func Compute() Program {
	return Program{compute.Prog, uwsgiini.Compute, 8774, func(ctx context.Context, c *config.Config, o Observers) (http.Handler, error) {
		return compute.New(ctx, compute.Options{Config: c, Log: &o.Log, Metrics: o.Metrics, Traces: o.Traces, Fail: o.Fail, NeedApp: o.NeedApp})
	}}
}

// Metadata is nova-metadata.
func Metadata() Program {
	return Program{metadata.Prog, uwsgiini.Metadata, 8775, func(ctx context.Context, c *config.Config, o Observers) (http.Handler, error) {
		return metadata.New(ctx, metadata.Options{Config: c, Log: &o.Log, Metrics: o.Metrics, Traces: o.Traces, Fail: o.Fail, NeedApp: o.NeedApp})
	}}
}
