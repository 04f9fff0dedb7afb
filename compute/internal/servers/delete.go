package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
)

// remove deletes a server; with [DEFAULT] reclaim_instance_interval it is a soft delete.
func (a *API) remove() *api.Resource {
	if a.SoftDelete {
		return api.Act(api.WithFlavor, a.Ops.SoftDelete)
	}
	return api.Act(api.WithFlavor, a.Ops.Delete)
}
