package flavors

import (
	"encoding/json"
	"maps"
	"unicode/utf8"

	"github.com/nova-go/nova/compute/internal/api"
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

// spec finds the flavor and the extra spec that the path names.
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
	return a.setSpecs(r, r.Field("extra_specs"), r.BodyKeys("extra_specs"), "")
}

func (a *API) specsUpdate(r *api.Request) (any, error) {
	body, _ := r.Body().(map[string]any)
	return a.setSpecs(r, body, r.BodyKeys(), r.Var("id"))
}

// setSpecs writes extra specs and answers the body as it came. key, unless
// empty, has to be among them.
func (a *API) setSpecs(r *api.Request, specs map[string]any, order []string, key string) (any, error) {
	values := make(map[string]string, len(specs))
	for _, k := range order {
		v := api.Text(specs[k])
		if _, number := specs[k].(json.Number); number && utf8.RuneCountInString(v) > 255 {
			return nil, api.BadRequest("extra_specs value has %d characters, more than 255.", utf8.RuneCountInString(v))
		}
		if r.Since(mv.V86ExtraSpecValidation) {
			if err := validateSpec(k, v); err != nil {
				return nil, err
			}
		}
		values[k] = v
	}
	if _, ok := values[key]; key != "" && !ok {
		return nil, api.BadRequest("Request body and URI mismatch")
	}
	f, err := a.get(r, r.Var("flavor_id"))
	if err != nil {
		return nil, err
	}
	if err := a.Flavors.SetExtraSpecs(r.Ctx(), f, values); err != nil {
		return nil, err
	}
	changed := *f
	changed.ExtraSpecs = maps.Clone(f.ExtraSpecs)
	if changed.ExtraSpecs == nil {
		changed.ExtraSpecs = map[string]string{}
	}
	maps.Copy(changed.ExtraSpecs, values)
	if len(changed.ExtraSpecs) > 0 {
		a.changed(r, &changed)
	}
	return r.Body(), nil
}

func (a *API) specsDelete(r *api.Request) (any, error) {
	f, key, err := a.spec(r)
	if err != nil {
		return nil, err
	}
	if err := a.Flavors.DeleteExtraSpec(r.Ctx(), f, key); err != nil {
		return nil, err
	}
	changed := *f
	changed.ExtraSpecs = maps.Clone(f.ExtraSpecs)
	delete(changed.ExtraSpecs, key)
	a.changed(r, &changed)
	return nil, nil
}
