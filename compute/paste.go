package compute

import (
	"context"
	"maps"
	"net/http"

	"github.com/nova-go/nova/compute/internal/versions"
	"github.com/nova-go/nova/internal/computepaste"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/sites"
	"github.com/nova-go/nova/paste"
)

// registry contains the factories that paste files of the compute API may name: the filters,
// Nova's applications and composites, and the embedder's factories.
func registry(d *deps, app http.Handler, extra paste.Registry) paste.Registry {
	prefix := d.config.API.ComputeLinkPrefix
	scheme := middleware.SecureProxyHeader(d.config.WSGI.SecureProxySSLHeader)
	index := middleware.Noted(d.metrics.Operation("versions.index"), versions.Root{LinkPrefix: prefix, Release: d.release})
	show := middleware.Noted(d.metrics.Operation("versions.show"), versions.Version{LinkPrefix: prefix, Release: d.release})
	r := sites.Registry(middleware.Deps{Config: d.config, Policy: d.policy, Log: d.log, Messages: d.messages, Metrics: d.metrics,
		Traces: d.traces, Profiler: d.profiler, Ready: d.ready()})
	maps.Copy(r, computepaste.Registry(d.config.API.AuthStrategy,
		computepaste.Applications{API: scheme(app), Versions: scheme(index), Version: scheme(show)}))
	maps.Copy(r, extra)
	return r
}

// ready returns the function that reports whether requests can be served; nil if the
// application does not serve.
func (d *deps) ready() func(context.Context) error {
	if d.Databases == nil {
		return nil
	}
	return d.Ready
}
