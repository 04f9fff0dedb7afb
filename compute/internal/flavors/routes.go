package flavors

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists flavors, their extra specs and who may use them, in the order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: a.index, Op: "flavors.index", Method: "GET", Path: "/flavors", OK: 200,
			Query: api.Since{mv.Legacy: "flavors.index.query.2.0", mv.V75Strict: "flavors.index.query.2.75", mv.V102NoRxtxFactor: "flavors.index.query.2.102"},
			Authz: api.Public(), Errors: []int{400}},
		{Do: a.create, Op: "flavors.create", Method: "POST", Path: "/flavors", OK: 200,
			Body:  api.Since{mv.Legacy: "flavors.create.body.2.0", mv.V1Base: "flavors.create.body.2.1", mv.V55FlavorDescription: "flavors.create.body.2.55", mv.V102NoRxtxFactor: "flavors.create.body.2.102"},
			Authz: api.EarlyUnowned(policy.FlavorManageCreate).Asks(policy.FlavorExtraSpecsIndex), Errors: []int{400, 409}},
		{Do: a.detail, Op: "flavors.detail", Method: "GET", Path: "/flavors/detail", OK: 200,
			Query: api.Since{mv.Legacy: "flavors.detail.query.2.0", mv.V75Strict: "flavors.detail.query.2.75", mv.V102NoRxtxFactor: "flavors.detail.query.2.102"},
			Authz: api.Public().Asks(policy.FlavorExtraSpecsIndex), Errors: []int{400}},
		{Do: a.delete, Op: "flavors.delete", Method: "DELETE", Path: "/flavors/{id}", OK: 202,
			Authz: api.EarlyUnowned(policy.FlavorManageDelete), Errors: []int{404}},
		{Do: a.show, Op: "flavors.show", Method: "GET", Path: "/flavors/{id}", OK: 200,
			Query: api.Since{mv.Legacy: "flavors.show.query.2.0", mv.V102NoRxtxFactor: "flavors.show.query.2.102"},
			Authz: api.Public().Asks(policy.FlavorExtraSpecsIndex), Errors: []int{404}},
		{Do: a.update, Op: "flavors.update", Method: "PUT", Path: "/flavors/{id}", OK: 200, From: mv.V55FlavorDescription,
			Body:  api.Since{mv.V55FlavorDescription: "flavors.update.body.2.55"},
			Authz: api.EarlyUnowned(policy.FlavorManageUpdate).Asks(policy.FlavorExtraSpecsIndex), Errors: []int{400, 404}},
		{Do: a.addAccess, Op: "flavor_access.add_tenant_access", Method: "POST", Path: "/flavors/{id}/action", Action: "addTenantAccess", OK: 200,
			Body:  api.Since{mv.Legacy: "flavor_access.add_tenant_access.body"},
			Authz: api.EarlyUnowned(policy.FlavorAccessAddTenantAccess), Errors: []int{400, 403, 404, 409}},
		{Do: a.removeAccess, Op: "flavor_access.remove_tenant_access", Method: "POST", Path: "/flavors/{id}/action", Action: "removeTenantAccess", OK: 200,
			Body:  api.Since{mv.Legacy: "flavor_access.remove_tenant_access.body"},
			Authz: api.EarlyUnowned(policy.FlavorAccessRemoveTenantAccess), Errors: []int{400, 403, 404}},
		{Do: a.specsIndex, Op: "flavors_extraspecs.index", Method: "GET", Path: "/flavors/{flavor_id}/os-extra_specs", OK: 200,
			Query: api.Since{mv.V1Base: "flavors_extraspecs.index.query.2.1", mv.V102NoRxtxFactor: "flavors_extraspecs.index.query.2.102"},
			Authz: api.Early(policy.FlavorExtraSpecsIndex), Errors: []int{404}},
		{Do: a.specsCreate, Op: "flavors_extraspecs.create", Method: "POST", Path: "/flavors/{flavor_id}/os-extra_specs", OK: 200,
			Body:  api.Since{mv.Legacy: "flavors_extraspecs.create.body"},
			Authz: api.EarlyUnowned(policy.FlavorExtraSpecsCreate), Errors: []int{400, 404, 409}},
		{Do: a.specsDelete, Op: "flavors_extraspecs.delete", Method: "DELETE", Path: "/flavors/{flavor_id}/os-extra_specs/{id}", OK: 200,
			Authz: api.EarlyUnowned(policy.FlavorExtraSpecsDelete), Errors: []int{404}},
		{Do: a.specsShow, Op: "flavors_extraspecs.show", Method: "GET", Path: "/flavors/{flavor_id}/os-extra_specs/{id}", OK: 200,
			Query: api.Since{mv.V1Base: "flavors_extraspecs.show.query.2.1", mv.V102NoRxtxFactor: "flavors_extraspecs.show.query.2.102"},
			Authz: api.Early(policy.FlavorExtraSpecsShow), Errors: []int{404}},
		{Do: a.specsUpdate, Op: "flavors_extraspecs.update", Method: "PUT", Path: "/flavors/{flavor_id}/os-extra_specs/{id}", OK: 200,
			Body:  api.Since{mv.Legacy: "flavors_extraspecs.update.body"},
			Authz: api.EarlyUnowned(policy.FlavorExtraSpecsUpdate), Errors: []int{400, 404, 409}},
		{Do: a.accessIndex, Op: "flavor_access.index", Method: "GET", Path: "/flavors/{flavor_id}/os-flavor-access", OK: 200,
			Query: api.Since{mv.V1Base: "flavor_access.index.query.2.1", mv.V102NoRxtxFactor: "flavor_access.index.query.2.102"},
			Authz: api.Early(policy.FlavorAccess), Errors: []int{404}},
	}
}
