package flavors

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists the operations on flavors, their extra specs and their access lists, in the
// order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: a.index, Op: "flavors.index", Method: "GET", Path: "/flavors", OK: 200,
			Query: api.At(mv.Legacy, mv.V75Strict, mv.V102NoRxtxFactor),
			Authz: api.Public(), Errors: []int{400}},
		{Do: a.create, Op: "flavors.create", Method: "POST", Path: "/flavors", OK: 200,
			Body:  api.At(mv.Legacy, mv.V1Base, mv.V55FlavorDescription, mv.V102NoRxtxFactor),
			Authz: api.EarlyUnowned(policy.FlavorManageCreate).Asks(policy.FlavorExtraSpecsIndex), Errors: []int{400, 409}},
		{Do: a.detail, Op: "flavors.detail", Method: "GET", Path: "/flavors/detail", OK: 200,
			Query: api.At(mv.Legacy, mv.V75Strict, mv.V102NoRxtxFactor),
			Authz: api.Public().Asks(policy.FlavorExtraSpecsIndex), Errors: []int{400}},
		{Do: a.delete, Op: "flavors.delete", Method: "DELETE", Path: "/flavors/{id}", OK: 202,
			Authz: api.EarlyUnowned(policy.FlavorManageDelete), Errors: []int{404}},
		{Do: a.show, Op: "flavors.show", Method: "GET", Path: "/flavors/{id}", OK: 200,
			Query: api.At(mv.Legacy, mv.V102NoRxtxFactor),
			Authz: api.Public().Asks(policy.FlavorExtraSpecsIndex), Errors: []int{404}},
		{Do: a.update, Op: "flavors.update", Method: "PUT", Path: "/flavors/{id}", OK: 200, From: mv.V55FlavorDescription,
			Body:  api.At(mv.V55FlavorDescription),
			Authz: api.EarlyUnowned(policy.FlavorManageUpdate).Asks(policy.FlavorExtraSpecsIndex), Errors: []int{400, 404}},
		{Do: a.addAccess, Op: "flavor_access.add_tenant_access", Method: "POST", Path: "/flavors/{id}/action", Action: "addTenantAccess", OK: 200,
			Body:  api.At(mv.Legacy),
			Authz: api.EarlyUnowned(policy.FlavorAccessAddTenantAccess), Errors: []int{400, 403, 404, 409}},
		{Do: a.removeAccess, Op: "flavor_access.remove_tenant_access", Method: "POST", Path: "/flavors/{id}/action",
			Action: "removeTenantAccess", OK: 200,
			Body:  api.At(mv.Legacy),
			Authz: api.EarlyUnowned(policy.FlavorAccessRemoveTenantAccess), Errors: []int{400, 403, 404}},
		{Do: a.specsIndex, Op: "flavors_extraspecs.index", Method: "GET", Path: "/flavors/{flavor_id}/os-extra_specs", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.Early(policy.FlavorExtraSpecsIndex), Errors: []int{404}},
		{Do: a.specsCreate, Op: "flavors_extraspecs.create", Method: "POST", Path: "/flavors/{flavor_id}/os-extra_specs", OK: 200,
			Body:  api.At(mv.Legacy),
			Authz: api.EarlyUnowned(policy.FlavorExtraSpecsCreate), Errors: []int{400, 404, 409}},
		{Do: a.specsDelete, Op: "flavors_extraspecs.delete", Method: "DELETE", Path: "/flavors/{flavor_id}/os-extra_specs/{id}", OK: 200,
			Authz: api.EarlyUnowned(policy.FlavorExtraSpecsDelete), Errors: []int{404}},
		{Do: a.specsShow, Op: "flavors_extraspecs.show", Method: "GET", Path: "/flavors/{flavor_id}/os-extra_specs/{id}", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.Early(policy.FlavorExtraSpecsShow), Errors: []int{404}},
		{Do: a.specsUpdate, Op: "flavors_extraspecs.update", Method: "PUT", Path: "/flavors/{flavor_id}/os-extra_specs/{id}", OK: 200,
			Body:  api.At(mv.Legacy),
			Authz: api.EarlyUnowned(policy.FlavorExtraSpecsUpdate), Errors: []int{400, 404, 409}},
		{Do: a.accessIndex, Op: "flavor_access.index", Method: "GET", Path: "/flavors/{flavor_id}/os-flavor-access", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.Early(policy.FlavorAccess), Errors: []int{404}},
	}
}
