package flavors

import (
	"maps"
	"unicode/utf8"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) specsIndex(r *api.Request) (any, error) {
	f, err := a.get(r, r.Var("flavor_id"))
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) { o.StrMap("extra_specs", f.ExtraSpecs) }), nil
}

func (a *API) specsShow(r *api.Request) (any, error) {
	f, key, err := a.spec(r)
	if err != nil {
		return nil, err
	}
	return map[string]string{key: f.ExtraSpecs[key]}, nil
}

// spec finds the flavor and the extra spec in the path.
func (a *API) spec(r *api.Request) (*objects.Flavor, string, error) {
	key := r.Var("id")
	f, err := a.get(r, r.Var("flavor_id"))
	if err != nil {
		return nil, "", err
	}
	if _, ok := f.ExtraSpecs[key]; !ok {
		return nil, "", api.NotFound("Flavor %s has no extra specs with key %s.", r.Var("flavor_id"), key)
	}
	return f, key, nil
}

func (a *API) specsCreate(r *api.Request) (any, error) {
	specs, err := a.setSpecs(r, "", "extra_specs")
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) { o.Any("extra_specs", specs) }), nil
}

func (a *API) specsUpdate(r *api.Request) (any, error) {
	specs, err := a.setSpecs(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	return specs, nil
}

// setSpecs stores the extra specs of the body, or of a member of it, and returns them
// unchanged. If name is not empty, it must be one of them.
func (a *API) setSpecs(r *api.Request, name string, under ...string) (api.Encoder, error) {
	specs, err := api.Body[map[string]body.Value](r, under...)
	if err != nil {
		return nil, err
	}
	order := r.BodyKeys(under...)
	values := make(map[string]string, len(specs))
	for _, k := range order {
		v := specs[k].Text()
		if n := utf8.RuneCountInString(v); specs[k].IsNumber() && n > 255 {
			return nil, api.BadRequest("extra_specs value has %d characters, more than 255.", n)
		}
		if r.Since(mv.V86ExtraSpecValidation) {
			if err := validateSpec(r.Release(), k, v); err != nil {
				return nil, err
			}
		}
		values[k] = v
	}
	if _, ok := values[name]; name != "" && !ok {
		return nil, api.BadRequest("Request body and URI mismatch")
	}
	f, err := a.get(r, r.Var("flavor_id"))
	if err != nil {
		return nil, err
	}
	if err := a.Flavors.SetExtraSpecs(r.Context(), f, values); err != nil {
		return nil, err
	}
	changed := *f
	changed.ExtraSpecs = maps.Clone(f.ExtraSpecs)
	if changed.ExtraSpecs == nil {
		changed.ExtraSpecs = map[string]string{}
	}
	maps.Copy(changed.ExtraSpecs, values)
	if len(changed.ExtraSpecs) > 0 {
		a.notifyUpdate(r, &changed)
	}
	return api.Doc(func(o *api.Object) {
		for _, k := range order {
			o.Any(k, specs[k])
		}
	}), nil
}

func (a *API) specsDelete(r *api.Request) (any, error) {
	f, key, err := a.spec(r)
	if err != nil {
		return nil, err
	}
	if err := a.Flavors.DeleteExtraSpec(r.Context(), f, key); err != nil {
		return nil, err
	}
	changed := *f
	changed.ExtraSpecs = maps.Clone(f.ExtraSpecs)
	delete(changed.ExtraSpecs, key)
	a.notifyUpdate(r, &changed)
	return nil, nil
}
