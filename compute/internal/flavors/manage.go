package flavors

import (
	"fmt"
	"math"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) show(r *api.Request) (any, error) {
	f, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	return single(r, f), nil
}

func (a *API) create(r *api.Request) (any, error) {
	body := r.Field("flavor")
	f := &objects.Flavor{RxtxFactor: 1, IsPublic: true, ExtraSpecs: map[string]string{}}
	f.Name = strings.TrimSpace(api.Text(body["name"]))
	if id := body["id"]; id != nil && id != "" {
		f.FlavorID = api.Text(id)
	} else {
		f.FlavorID = uuid.NewString()
	}
	for _, size := range []struct {
		key, name string
		to        *int64
		least     int64
	}{
		{"ram", "ram", &f.MemoryMB, 1}, {"vcpus", "vcpus", &f.VCPUs, 1}, {"disk", "disk", &f.RootGB, 0},
		{"OS-FLV-EXT-DATA:ephemeral", "ephemeral", &f.EphemeralGB, 0}, {"swap", "swap", &f.Swap, 0},
	} {
		v, given := body[size.key]
		if !given {
			continue
		}
		n, err := api.Integer(api.Text(v), size.name, size.least)
		if err != nil {
			return nil, err
		}
		if n > math.MaxInt32 {
			return nil, api.BadRequest("Invalid input received: %s must be <= %d", size.name, math.MaxInt32)
		}
		*size.to = n
	}
	if v, given := body["rxtx_factor"]; given {
		var err error
		if f.RxtxFactor, err = rxtxFactor(api.Text(v)); err != nil {
			return nil, err
		}
	}
	if v, given := body["os-flavor-access:is_public"]; given {
		public, ok := objects.ParseBool(api.Text(v))
		if !ok {
			return nil, api.BadRequest("Invalid input received: is_public must be a boolean")
		}
		f.IsPublic = public
	}
	if s, ok := body["description"].(string); ok && r.Since(mv.V55FlavorDescription) {
		f.Description = &s
	}
	if err := a.Flavors.Create(r.Ctx(), f); err != nil {
		return nil, err
	}
	a.Notify.Flavor(r.Ctx(), r.Context, "create", f)
	return single(r, f), nil
}

// maxFactor is the largest single-precision float, as Nova bounds it.
const maxFactor = 3.40282e+38

func rxtxFactor(s string) (float64, error) {
	var f float64
	if _, err := fmt.Sscan(s, &f); err != nil || f <= 0 || f > maxFactor {
		return 0, api.BadRequest("Invalid input received: 'rxtx_factor' argument must be a float between 0 and %g", maxFactor)
	}
	return f, nil
}

func (a *API) update(r *api.Request) (any, error) {
	f, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	changed := *f
	changed.Description = nil
	if s, ok := r.Field("flavor")["description"].(string); ok {
		changed.Description = &s
	}
	if err := a.Flavors.SetDescription(r.Ctx(), f.ID, changed.Description); err != nil {
		return nil, err
	}
	a.changed(r, &changed)
	return single(r, &changed), nil
}

func (a *API) delete(r *api.Request) (any, error) {
	id := r.Var("id")
	var gone *objects.Flavor
	if a.Notify.Versioned() {
		var err error
		if gone, err = a.Flavors.Get(r.Ctx(), id, "", true); err != nil {
			return nil, err
		}
	}
	if err := a.Flavors.Delete(r.Ctx(), id); err != nil {
		return nil, err
	}
	if gone != nil {
		a.Notify.Flavor(r.Ctx(), r.Context, "delete", gone)
	}
	return nil, nil
}
