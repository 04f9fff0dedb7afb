package servers

import (
	"slices"

	"github.com/nova-go/nova/compute/api"
	"github.com/nova-go/nova/internal/db/cell"
)

func (a *API) tagsIndex(r *api.Request) (any, error) {
	i, err := a.server(r, cell.Load{Tags: true})
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) { o.Strs("tags", i.Tags) }), nil
}

func (a *API) tagsShow(r *api.Request) (any, error) {
	i, err := a.server(r, cell.Load{Tags: true})
	if err != nil {
		return nil, err
	}
	if tag := r.Var("id"); !slices.Contains(i.Tags, tag) {
		return nil, api.NotFound("Server %s has no tag '%s'", i.UUID, tag)
	}
	return nil, nil
}
