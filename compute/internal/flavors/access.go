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

// projectAccess is the project in an action on the access list of a flavor.
type projectAccess struct {
	Project string `json:"tenant"`
}

func (a *API) addAccess(r *api.Request) (any, error) {
	asked, err := api.Body[projectAccess](r, "addTenantAccess")
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
	return a.changedAccess(r)
}

func (a *API) removeAccess(r *api.Request) (any, error) {
	asked, err := api.Body[projectAccess](r, "removeTenantAccess")
	if err != nil {
		return nil, err
	}
	project := asked.Project
	// A project that does not exist can still be removed from the list; an unreachable Keystone
	// is an error.
	if err := a.Projects.VerifyProject(r.Context(), r.Caller, project); err != nil && !strings.Contains(err.Error(),
		"is not a valid project") {
		return nil, err
	}
	f, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	if err := a.Flavors.RemoveAccess(r.Context(), f, project); err != nil {
		return nil, err
	}
	return a.changedAccess(r)
}

// changedAccess sends the update notification of the flavor and returns its new access list.
func (a *API) changedAccess(r *api.Request) (any, error) {
	f, err := a.get(r, r.Var("id"))
	if err != nil {
		return nil, err
	}
	a.notifyUpdate(r, f)
	return accessList(f), nil
}
