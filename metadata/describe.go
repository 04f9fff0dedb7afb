package metadata

import (
	"maps"
	"net/http"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/middleware/sites"
	"github.com/nova-go/nova/paste"
)

// PasteName is the application's name in paste files.
const PasteName = pasteName

// Registry returns the factories that paste files of this application may name, for use with
// paste.Describe, paste.Check and paste.Load. Nova's own application in it answers 404 to every
// request. Registry makes no connections and does not log.
func Registry(c *config.Config) paste.Registry {
	return registry(middleware.Deps{Config: c, Log: zerolog.Nop()}, http.NotFoundHandler(), nil)
}

// registry contains the factories that paste files of the metadata service may name: the
// filters, Nova's application, and the embedder's factories.
func registry(d middleware.Deps, app http.Handler, extra paste.Registry) paste.Registry {
	r := sites.Registry(d)
	maps.Copy(r, paste.Registry{
		"Paste#urlmap": paste.URLMapFactory(),
		factoryName:    paste.App(func(_, _ paste.Conf) (http.Handler, error) { return app, nil }),
	})
	maps.Copy(r, extra)
	return r
}
