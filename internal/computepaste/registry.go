// Package computepaste has the applications and composites that paste files of the compute API
// name. nova-metadata reads the same files, and uses this package to avoid linking the compute
// API.
package computepaste

import (
	"fmt"
	"net/http"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/paste"
)

// Applications are the applications that the factories return.
type Applications struct {
	API      http.Handler
	Versions http.Handler // the list of versions
	Version  http.Handler // the document of one version
}

// Registry returns the factories of Nova's applications and composites, without filters.
// strategy is [api] auth_strategy.
func Registry(strategy string, a Applications) paste.Registry {
	return paste.Registry{
		"Paste#urlmap": paste.URLMapFactory(),
		"nova.api.openstack.urlmap:urlmap_factory":                urlMapFactory(),
		"nova.api.auth:pipeline_factory_v21":                      pipelineFactory(strategy),
		"nova.api.auth:pipeline_factory":                          pipelineFactory(strategy),
		"nova.api.openstack.compute:APIRouterV21.factory":         appFactory(a.API),
		"nova.api.openstack.compute.versions:Versions.factory":    appFactory(a.Versions),
		"nova.api.openstack.compute.versions:VersionsV2.factory":  appFactory(a.Version),
		"nova.api.openstack.compute.versions:Versions.factory_v2": appFactory(a.Version),
	}
}

func appFactory(h http.Handler) paste.App {
	return func(_, _ paste.Conf) (http.Handler, error) { return h, nil }
}

// Names is a Registry for the analysis of paste files: its applications answer 404 to every
// request.
func Names(c *config.Config) paste.Registry {
	none := http.NotFoundHandler()
	return Registry(c.API.AuthStrategy, Applications{API: none, Versions: none, Version: none})
}

// pipelineFactory returns the factory that builds the pipeline in the option with the name of
// the authentication strategy. Nova 34 has only keystone; older files, and the one of --dev,
// also have noauth2.
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
