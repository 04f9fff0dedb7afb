package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
)

// remove deletes a server; where deleted servers are kept for a while, softly.
func (a *API) remove() *api.Resource {
	if a.SoftDelete {
		return api.Act(api.WithFlavor, a.Ops.SoftDelete)
	}
	return api.Act(api.WithFlavor, a.Ops.Delete)
}
