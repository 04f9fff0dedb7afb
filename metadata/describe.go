package metadata

import (
	"maps"
	"net/http"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/paste"
)

// PasteName is the application's name in paste files.
const PasteName = name

// Registry lists what paste files of this application may name, for looking at
// them: paste.Describe, paste.Check and paste.Load work with it, but Nova's own
// application in it answers 404 to everything. It neither connects anywhere nor
// logs.
func Registry(c *config.Config) paste.Registry {
	return registry(middleware.Deps{Config: c, Log: zerolog.Nop()}, http.NotFoundHandler(), nil)
}

// registry is what paste files of the metadata service may name: the filters,
// Nova's application, and what the embedder adds or replaces.
func registry(d middleware.Deps, app http.Handler, extra paste.Registry) paste.Registry {
	r := middleware.Registry(d)
	maps.Copy(r, paste.Registry{
		"Paste#urlmap": paste.URLMapFactory(),
		factory:        paste.App(func(_, _ paste.Conf) (http.Handler, error) { return app, nil }),
	})
	maps.Copy(r, extra)
	return r
}
