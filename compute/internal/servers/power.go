package servers

import (
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
)

// rebooting is the request body that reboots a server.
type rebooting struct {
	Kind string `json:"type"` // "soft" or "hard"
}

func (a *API) reboot(r *api.Request, i *objects.Instance) (any, error) {
	asked, err := api.Body[rebooting](r, "reboot")
	if err != nil {
		return nil, err
	}
	return nil, a.Ops.Reboot(r.Context(), r.Caller, i, strings.ToUpper(asked.Kind))
}
