package groups

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists the operations on server groups, in the order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{On: api.Owned(ownProject, a.index), Op: "server_groups.index", Method: "GET", Path: "/os-server-groups", OK: 200,
			Query: api.At(mv.Legacy, mv.V75Strict),
			Authz: api.Late(policy.ServerGroupsIndex).Asks(policy.ServerGroupsIndexAllProjects), Errors: []int{}},
		{On: api.Owned(ownProject, a.create), Op: "server_groups.create", Method: "POST", Path: "/os-server-groups", OK: 200,
			Body:  api.At(mv.Legacy, mv.V15SoftAffinity, mv.V64ServerGroupPolicy),
			Authz: api.Late(policy.ServerGroupsCreate), Errors: []int{400, 403, 409}},
		{On: api.On(a.get, a.delete), Op: "server_groups.delete", Method: "DELETE", Path: "/os-server-groups/{id}", OK: 204,
			Authz: api.Late(policy.ServerGroupsDelete), Errors: []int{404}},
		{On: api.On(a.get, a.show), Op: "server_groups.show", Method: "GET", Path: "/os-server-groups/{id}", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.Late(policy.ServerGroupsShow), Errors: []int{404}},
	}
}
