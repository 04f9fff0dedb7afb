package images

import (
	"errors"
	"maps"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/rest/glance"
)

// propertyValues converts texts to the values that Glance receives.
func propertyValues(texts map[string]string) map[string]any {
	out := make(map[string]any, len(texts))
	for name, text := range texts {
		out[name] = text
	}
	return out
}

func metadataDocument(properties map[string]any) api.Encoder {
	return api.Doc(func(o *api.Object) { o.Any("metadata", decodedProperties(properties)) })
}

func (a *API) metaIndex(r *api.Request) (any, error) {
	d, err := a.get(r, r.Var("image_id"))
	if err != nil {
		return nil, err
	}
	return metadataDocument(d.Properties), nil
}

func (a *API) metaShow(r *api.Request) (any, error) {
	d, err := a.get(r, r.Var("image_id"))
	if err != nil {
		return nil, err
	}
	value, there := decodedProperties(d.Properties)[r.Var("id")]
	if !there {
		return nil, api.Bare(404)
	}
	return metaDocument(map[string]any{r.Var("id"): value}), nil
}

func metaDocument(values map[string]any) api.Encoder {
	return api.Doc(func(o *api.Object) { o.Any("meta", values) })
}

// set replaces the properties of an image, within the quota.
func (a *API) set(r *api.Request, d *glance.Details, properties map[string]any) (*glance.Details, error) {
	if len(properties) > 0 {
		err := a.Quota.CheckImage(r.Context(), quota.Owner{Project: r.Caller.ProjectID, User: r.Caller.UserID}, len(properties))
		if over := new(quota.OverError); errors.As(err, &over) {
			return nil, api.Forbidden("Image metadata limit exceeded")
		}
		if err != nil {
			return nil, err
		}
	}
	return a.Glance.SetProperties(r.Context(), r.Caller, d, properties)
}

func (a *API) metaCreate(r *api.Request) (any, error) {
	asked, err := api.Body[map[string]string](r, "metadata")
	if err != nil {
		return nil, err
	}
	d, err := a.get(r, r.Var("image_id"))
	if err != nil {
		return nil, err
	}
	merged := maps.Clone(d.Properties)
	maps.Copy(merged, propertyValues(asked))
	if d, err = a.set(r, d, merged); err != nil {
		return nil, err
	}
	return metadataDocument(d.Properties), nil
}

func (a *API) metaUpdateAll(r *api.Request) (any, error) {
	asked, err := api.Body[map[string]string](r, "metadata")
	if err != nil {
		return nil, err
	}
	d, err := a.get(r, r.Var("image_id"))
	if err != nil {
		return nil, err
	}
	replaced := propertyValues(asked)
	if _, err := a.set(r, d, replaced); err != nil {
		return nil, err
	}
	return metadataDocument(replaced), nil
}

func (a *API) metaUpdate(r *api.Request) (any, error) {
	values, err := api.Body[map[string]string](r, "meta")
	if err != nil {
		return nil, err
	}
	value, there := values[r.Var("id")]
	if !there {
		return nil, api.BadRequest("Request body and URI mismatch")
	}
	d, err := a.get(r, r.Var("image_id"))
	if err != nil {
		return nil, err
	}
	merged := maps.Clone(d.Properties)
	merged[r.Var("id")] = value
	if _, err := a.set(r, d, merged); err != nil {
		return nil, err
	}
	return metaDocument(propertyValues(values)), nil
}

func (a *API) metaDelete(r *api.Request) (any, error) {
	d, err := a.get(r, r.Var("image_id"))
	if err != nil {
		return nil, err
	}
	if _, there := d.Properties[r.Var("id")]; !there {
		return nil, api.NotFound("Invalid metadata key")
	}
	properties := maps.Clone(d.Properties)
	delete(properties, r.Var("id"))
	_, err = a.Glance.SetProperties(r.Context(), r.Caller, d, properties)
	return nil, err
}
