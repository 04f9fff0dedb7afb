package groups

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists server groups, in the order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{On: api.Owned(ownProject, a.index), Op: "server_groups.index", Method: "GET", Path: "/os-server-groups", OK: 200,
			Query: api.Since{mv.Legacy: "server_groups.index.query.2.0", mv.V75Strict: "server_groups.index.query.2.75"},
			Authz: api.Late(policy.ServerGroupsIndex).Asks(policy.ServerGroupsIndexAllProjects), Errors: []int{}},
		{On: api.Owned(ownProject, a.create), Op: "server_groups.create", Method: "POST", Path: "/os-server-groups", OK: 200,
			Body:  api.Since{mv.Legacy: "server_groups.create.body.2.0", mv.V15SoftAffinity: "server_groups.create.body.2.15", mv.V64ServerGroupPolicy: "server_groups.create.body.2.64"},
			Authz: api.Late(policy.ServerGroupsCreate), Errors: []int{400, 403, 409}},
		{On: api.On(a.get, a.delete), Op: "server_groups.delete", Method: "DELETE", Path: "/os-server-groups/{id}", OK: 204,
			Authz: api.Late(policy.ServerGroupsDelete), Errors: []int{404}},
		{On: api.On(a.get, a.show), Op: "server_groups.show", Method: "GET", Path: "/os-server-groups/{id}", OK: 200,
			Query: api.Since{mv.V1Base: "server_groups.show.query.2.1", mv.V102NoRxtxFactor: "server_groups.show.query.2.102"},
			Authz: api.Late(policy.ServerGroupsShow), Errors: []int{404}},
	}
}
