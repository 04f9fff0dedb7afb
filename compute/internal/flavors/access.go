package flavors

import (
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) accessIndex(r *api.Request) (any, error) {
	f, err := a.get(r, r.Var("flavor_id"))
	if err != nil {
		return nil, err
	}
	if f.IsPublic {
		return nil, api.NotFound("Access list not available for public flavors.")
	}
	return accessList(f), nil
}

func accessList(f *objects.Flavor) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.List("flavor_access", len(f.Projects), func(i int, arr *api.Array) {
			arr.Obj(func(o *api.Object) {
				o.Str("flavor_id", f.FlavorID)
				o.Str("tenant_id", f.Projects[i])
			})
		})
	})
}

// access is what an action on the list of a flavor is about.
type access struct {
	Project string `json:"tenant"`
}

func (a *API) addAccess(r *api.Request) (any, error) {
	asked, err := api.Body[access](r, "addTenantAccess")
	if err != nil {
		return nil, err
	}
	project := asked.Project
	if err := a.Projects.VerifyProject(r.Context(), r.Caller, project); err != nil {
		return nil, err
	}
	f, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	if f.IsPublic && r.Since(mv.V7FlavorAccessPublic) {
		return nil, api.Conflict("Can not add access to a public flavor.")
	}
	if err := a.Flavors.AddAccess(r.Context(), f, project); err != nil {
		return nil, err
	}
	return a.listed(r)
}

func (a *API) removeAccess(r *api.Request) (any, error) {
	asked, err := api.Body[access](r, "removeTenantAccess")
	if err != nil {
		return nil, err
	}
	project := asked.Project
	// A project that is gone can be taken from the list; a Keystone that is
	// nowhere to be found is refused.
	if err := a.Projects.VerifyProject(r.Context(), r.Caller, project); err != nil && !strings.Contains(err.Error(), "is not a valid project") {
		return nil, err
	}
	f, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	if err := a.Flavors.RemoveAccess(r.Context(), f, project); err != nil {
		return nil, err
	}
	return a.listed(r)
}

// listed announces the flavor and answers its list as that has become.
func (a *API) listed(r *api.Request) (any, error) {
	f, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	a.changed(r, f)
	return accessList(f), nil
}
