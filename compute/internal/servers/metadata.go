package servers

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) metadataIndex(_ *api.Request, i *objects.Instance) (any, error) {
	return api.Doc(func(o *api.Object) { o.StrMap("metadata", i.Metadata) }), nil
}

func (a *API) metadataShow(r *api.Request, i *objects.Instance) (any, error) {
	key := r.Var("id")
	value, ok := i.Metadata[key]
	if !ok {
		return nil, api.NotFound("Metadata item was not found")
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("meta", func(o *api.Object) { o.Str(key, value) })
	}), nil
}

func (a *API) metadataCreate(r *api.Request, i *objects.Instance) (any, error) {
	return a.metadataSet(r, i, false)
}

func (a *API) metadataUpdateAll(r *api.Request, i *objects.Instance) (any, error) {
	return a.metadataSet(r, i, true)
}

func (a *API) metadataSet(r *api.Request, i *objects.Instance, replace bool) (any, error) {
	pairs, err := api.Body[map[string]string](r, "metadata")
	if err != nil {
		return nil, err
	}
	all, err := a.Ops.SetMetadata(r.Context(), r.Caller, i, pairs, replace)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) { o.StrMap("metadata", all) }), nil
}

// metadataUpdate sets the key in the path.
func (a *API) metadataUpdate(r *api.Request, i *objects.Instance) (any, error) {
	pairs, err := api.Body[map[string]string](r, "meta")
	if err != nil {
		return nil, err
	}
	key := r.Var("id")
	value, ok := pairs[key]
	if !ok {
		return nil, api.BadRequest("Request body and URI mismatch")
	}
	if _, err := a.Ops.SetMetadata(r.Context(), r.Caller, i, map[string]string{key: value}, false); err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) { o.StrMap("meta", map[string]string{key: value}) }), nil
}

func (a *API) metadataDelete(r *api.Request, i *objects.Instance) (any, error) {
	key := r.Var("id")
	if _, ok := i.Metadata[key]; !ok {
		return nil, api.NotFound("Metadata item was not found")
	}
	return nil, a.Ops.RemoveMetadata(r.Context(), r.Caller, i, key)
}
