package servers

import (
	"github.com/nova-go/nova/compute/api"
	"github.com/nova-go/nova/internal/db/cell"
)

func (a *API) metadataIndex(r *api.Request) (any, error) {
	i, err := a.server(r, cell.Load{Metadata: true})
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) { o.StrMap("metadata", i.Metadata) }), nil
}

func (a *API) metadataShow(r *api.Request) (any, error) {
	i, err := a.server(r, cell.Load{Metadata: true})
	if err != nil {
		return nil, err
	}
	key := r.Var("id")
	value, ok := i.Metadata[key]
	if !ok {
		return nil, api.NotFound("Metadata item was not found")
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("meta", func(o *api.Object) { o.Str(key, value) })
	}), nil
}
