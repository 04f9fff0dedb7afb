package compute

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	"github.com/nova-go/nova/compute/internal/versions"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/paste"
)

// registry is what paste files of the compute API may name: the filters, Nova's
// applications and composites, and what the embedder adds or replaces.
func registry(d *deps, app http.Handler, extra paste.Registry) paste.Registry {
	prefix := d.config.API.ComputeLinkPrefix
	scheme := middleware.SecureProxyHeader(d.config.WSGI.SecureProxySSLHeader)
	index := middleware.Noted(d.metrics.Operation("versions.index"), versions.Root{LinkPrefix: prefix})
	show := middleware.Noted(d.metrics.Operation("versions.show"), versions.Version{LinkPrefix: prefix})
	r := middleware.Registry(middleware.Deps{Config: d.config, Policy: d.policy, Log: d.log, Messages: d.messages, Metrics: d.metrics, Traces: d.traces, Ready: d.ready()})
	maps.Copy(r, paste.Registry{
		"Paste#urlmap": paste.URLMapFactory(),
		"nova.api.openstack.urlmap:urlmap_factory":                urlMapFactory(),
		"nova.api.auth:pipeline_factory_v21":                      pipelineFactory(d.config.API.AuthStrategy),
		"nova.api.auth:pipeline_factory":                          pipelineFactory(d.config.API.AuthStrategy),
		"nova.api.openstack.compute:APIRouterV21.factory":         application(scheme(app)),
		"nova.api.openstack.compute.versions:Versions.factory":    application(scheme(index)),
		"nova.api.openstack.compute.versions:VersionsV2.factory":  application(scheme(show)),
		"nova.api.openstack.compute.versions:Versions.factory_v2": application(scheme(show)),
	})
	maps.Copy(r, extra)
	return r
}

func application(h http.Handler) paste.App {
	return func(_, _ paste.Conf) (http.Handler, error) { return h, nil }
}

// pipelineFactory chooses the pipeline that the option named like the
// authentication strategy lists. Nova 34 knows keystone alone; older files, and
// ours for --dev, have noauth2 beside it.
func pipelineFactory(strategy string) paste.Factory {
	return paste.DescribedComposite{
		Build: func(l *paste.Loader, global, local paste.Conf) (http.Handler, error) {
			list := local[strategy]
			if list == "" {
				return nil, fmt.Errorf("no pipeline for the authentication strategy %q", strategy)
			}
			return l.Pipeline(list, global)
		},
		Parts: paste.PipelineParts(func(paste.Conf) string { return strategy }),
	}
}

// ready is the question whether requests can be served; nil where nothing is served.
func (d *deps) ready() func(context.Context) error {
	if d.Databases == nil {
		return nil
	}
	return d.Ready
}
