package compute

import (
	"net/http"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/paste"
)

// PasteName is the application's name in paste files.
const PasteName = name

// Registry lists what paste files of this application may name, for looking at
// them: paste.Describe, paste.Check and paste.Load work with it, but Nova's own
// application in it answers 404 to everything. It neither connects anywhere nor
// logs.
func Registry(c *config.Config) paste.Registry {
	return registry(&deps{config: c, log: zerolog.Nop()}, http.NotFoundHandler(), nil)
}
