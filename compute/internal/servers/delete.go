package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/subject"
	"github.com/nova-go/nova/internal/db/cell"
)

// remove deletes a server; where deleted servers are kept for a while, softly.
func (a *API) remove(r *api.Request) (any, error) {
	if a.SoftDelete {
		return a.act(r, subject.WithFlavor, a.Ops.SoftDelete)
	}
	return a.act(r, subject.WithFlavor, a.Ops.Delete)
}

func (a *API) forceDelete(r *api.Request) (any, error) {
	return a.act(r, cell.Usual, a.Ops.Delete)
}

func (a *API) restore(r *api.Request) (any, error) {
	return a.act(r, cell.Usual|cell.PartFlavor, a.Ops.Restore)
}
