package flavors

import (
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) show(r *api.Request) (any, error) {
	f, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	return flavorDoc(r, f), nil
}

// newFlavor is the request body that creates a flavor.
type newFlavor struct {
	Name        string     `json:"name"`
	ID          body.Value `json:"id"`
	RAM         body.Value `json:"ram"`
	VCPUs       body.Value `json:"vcpus"`
	Disk        body.Value `json:"disk"`
	Ephemeral   body.Value `json:"OS-FLV-EXT-DATA:ephemeral"`
	Swap        body.Value `json:"swap"`
	RxtxFactor  body.Value `json:"rxtx_factor"`
	Public      *body.Bool `json:"os-flavor-access:is_public"`
	Description *string    `json:"description"` // since 2.55
}

func (a *API) create(r *api.Request) (any, error) {
	asked, err := api.Body[newFlavor](r, "flavor")
	if err != nil {
		return nil, err
	}
	f := &objects.Flavor{Name: strings.TrimSpace(asked.Name), FlavorID: asked.ID.Text(), RxtxFactor: 1, VCPUWeight: new(int64),
		IsPublic: true, ExtraSpecs: map[string]string{}}
	if !asked.ID.Truthy() {
		f.FlavorID = uuid.NewString()
	}
	for _, size := range []struct {
		name  string
		asked body.Value
		to    *int64
	}{
		{"ram", asked.RAM, &f.MemoryMB}, {"vcpus", asked.VCPUs, &f.VCPUs}, {"disk", asked.Disk, &f.RootGB},
		{"ephemeral", asked.Ephemeral, &f.EphemeralGB}, {"swap", asked.Swap, &f.Swap},
	} {
		if err := setSize(size.to, size.name, size.asked); err != nil {
			return nil, err
		}
	}
	if asked.RxtxFactor.Given {
		if f.RxtxFactor, err = rxtxFactor(asked.RxtxFactor); err != nil {
			return nil, err
		}
	}
	if asked.Public != nil {
		f.IsPublic = bool(*asked.Public)
	}
	if r.Since(mv.V55FlavorDescription) {
		f.Description = asked.Description
	}
	if err := a.Flavors.Create(r.Context(), f); err != nil {
		return nil, err
	}
	a.Notify.Flavor(r.Context(), r.Caller, "create", f)
	return flavorDoc(r, f), nil
}

// setSize stores a size if it is present. The schema has checked its bounds.
func setSize(to *int64, name string, asked body.Value) error {
	if !asked.Given {
		return nil
	}
	n, ok := asked.Whole()
	if !ok || !n.IsInt64() {
		return unexpectedInput("%s must be an integer", name)
	}
	*to = n.Int64()
	return nil
}

// unexpectedInput reports a value that the schema accepts and Nova's code rejects, such as 1.0
// for an integer. Nova does not handle this error, and answers 500.
func unexpectedInput(format string, a ...any) error {
	return objects.ErrInvalidInput.Errorf(0, "Invalid input received: "+format, a...)
}

// maxFactor is the largest single-precision float, which is Nova's upper bound.
const maxFactor = 3.40282e+38

func rxtxFactor(asked body.Value) (float64, error) {
	f, ok := asked.Float()
	if !ok || f <= 0 || f > maxFactor {
		return 0, unexpectedInput("'rxtx_factor' argument must be a float between 0 and %g", maxFactor)
	}
	return f, nil
}

// description is the request body that updates a flavor.
type description struct {
	Description *string `json:"description"`
}

func (a *API) update(r *api.Request) (any, error) {
	f, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	asked, err := api.Body[description](r, "flavor")
	if err != nil {
		return nil, err
	}
	changed := *f
	changed.Description = asked.Description
	if err := a.Flavors.SetDescription(r.Context(), f.ID, changed.Description); err != nil {
		return nil, err
	}
	a.notifyUpdate(r, &changed)
	return flavorDoc(r, &changed), nil
}

func (a *API) delete(r *api.Request) (any, error) {
	id := r.Var("id")
	var gone *objects.Flavor
	if a.Notify.Versioned() {
		var err error
		if gone, err = a.Flavors.Get(r.Context(), id, "", true); err != nil {
			return nil, err
		}
	}
	if err := a.Flavors.Delete(r.Context(), id); err != nil {
		return nil, err
	}
	if gone != nil {
		a.Notify.Flavor(r.Context(), r.Caller, "delete", gone)
	}
	return nil, nil
}
