package networks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/securitygroup"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
)

// groupID returns the UUID in the path.
func groupID(r *api.Request) (string, error) {
	if !pytext.IsUUID(r.Var("id")) {
		return "", api.BadRequest("Security group id should be uuid")
	}
	return r.Var("id"), nil
}

// group finds the security group in the path.
func (a *API) group(r *api.Request) (*objects.SecurityGroup, error) {
	id, err := groupID(r)
	if err != nil {
		return nil, err
	}
	return a.Neutron.Group(r.Context(), r.Caller, id)
}

func (a *API) groupIndex(r *api.Request) (any, error) {
	_, all := r.Query()["all_tenants"]
	list, err := a.Neutron.Groups(r.Context(), r.Caller, all && r.Caller.IsAdmin)
	if err != nil {
		return nil, err
	}
	if list, err = api.Slice(r, list); err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b objects.SecurityGroup) int {
		return cmp.Or(strings.Compare(a.TenantID, b.TenantID), strings.Compare(a.Name, b.Name))
	})
	sources, err := a.Neutron.Sources(r.Context(), r.Caller, list)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("security_groups", len(list), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { securitygroup.Write(o, &list[n], sources) })
		})
	}), nil
}

func (a *API) single(r *api.Request, g *objects.SecurityGroup) (any, error) {
	sources, err := a.Neutron.Sources(r.Context(), r.Caller, []objects.SecurityGroup{*g})
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("security_group", func(o *api.Object) { securitygroup.Write(o, g, sources) })
	}), nil
}

func (a *API) groupShow(r *api.Request) (any, error) {
	g, err := a.group(r)
	if err != nil {
		return nil, err
	}
	return a.single(r, g)
}

func (a *API) groupDelete(r *api.Request) (any, error) {
	g, err := a.group(r)
	if err != nil {
		return nil, err
	}
	return nil, a.Neutron.DeleteGroup(r.Context(), r.Caller, g.ID)
}

func (a *API) groupCreate(r *api.Request) (any, error) { return a.save(r, "") }

func (a *API) groupUpdate(r *api.Request) (any, error) {
	g, err := a.group(r)
	if err != nil {
		return nil, err
	}
	return a.save(r, g.ID)
}

// groupBody is the request body that creates or updates a security group.
type groupBody struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

func (a *API) save(r *api.Request, id string) (any, error) {
	asked, err := api.Body[groupBody](r, "security_group")
	if err != nil {
		return nil, err
	}
	g, err := a.Neutron.SaveGroup(r.Context(), r.Caller, id, asked.Name, asked.Description)
	if err != nil {
		return nil, err
	}
	return a.single(r, g)
}
