package compute

import (
	"net/http"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/paste"
)

// PasteName is the application's name in paste files.
const PasteName = pasteName

// Registry returns the factories that paste files of this application may name, for use with
// paste.Describe, paste.Check and paste.Load. Nova's own application in it answers 404 to every
// request. Registry makes no connections and does not log.
func Registry(c *config.Config) paste.Registry {
	return registry(&deps{config: c, log: zerolog.Nop()}, http.NotFoundHandler(), nil)
}
