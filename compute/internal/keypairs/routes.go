package keypairs

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists keypairs, in the order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{On: api.On(owner, a.index), Op: "keypairs.index", Method: "GET", Path: "/os-keypairs", OK: 200, Until: mv.V35KeypairPaging,
			Query: api.Since{mv.Legacy: "keypairs.index.query.2.0", mv.V10KeypairUserID: "keypairs.index.query.2.10"},
			Authz: api.Late(policy.KeypairsIndex), Errors: []int{}},
		{On: api.On(owner, a.index), Op: "keypairs.index", Method: "GET", Path: "/os-keypairs", OK: 200, From: mv.V35KeypairPaging,
			Query: api.Since{mv.V35KeypairPaging: "keypairs.index.query.2.35", mv.V75Strict: "keypairs.index.query.2.75"},
			Authz: api.Late(policy.KeypairsIndex), Errors: []int{400}},
		{On: api.On(newOwner, a.create), Op: "keypairs.create", Method: "POST", Path: "/os-keypairs", OK: 200, Until: mv.V2KeypairType,
			Body:  api.Since{mv.Legacy: "keypairs.create.body.2.0", mv.V1Base: "keypairs.create.body.2.1"},
			Authz: api.Late(policy.KeypairsCreate), Errors: []int{400, 403, 409}},
		{On: api.On(newOwner, a.create), Op: "keypairs.create", Method: "POST", Path: "/os-keypairs", OK: 201, From: mv.V2KeypairType,
			Body:  api.Since{mv.V2KeypairType: "keypairs.create.body.2.2", mv.V10KeypairUserID: "keypairs.create.body.2.10", mv.V92KeypairImportOnly: "keypairs.create.body.2.92"},
			Authz: api.Late(policy.KeypairsCreate), Errors: []int{400, 403, 409}},
		{On: api.On(owner, a.delete), Op: "keypairs.delete", Method: "DELETE", Path: "/os-keypairs/{id}", OK: 202, Until: mv.V2KeypairType,
			Query: api.Since{mv.Legacy: "keypairs.delete.query.2.0"},
			Authz: api.Late(policy.KeypairsDelete), Errors: []int{404}},
		{On: api.On(owner, a.delete), Op: "keypairs.delete", Method: "DELETE", Path: "/os-keypairs/{id}", OK: 204, From: mv.V2KeypairType,
			Query: api.Since{mv.Legacy: "keypairs.delete.query.2.0", mv.V10KeypairUserID: "keypairs.delete.query.2.10", mv.V75Strict: "keypairs.delete.query.2.75"},
			Authz: api.Late(policy.KeypairsDelete), Errors: []int{404}},
		{On: api.On(owner, a.show), Op: "keypairs.show", Method: "GET", Path: "/os-keypairs/{id}", OK: 200,
			Query: api.Since{mv.Legacy: "keypairs.show.query.2.0", mv.V10KeypairUserID: "keypairs.show.query.2.10", mv.V75Strict: "keypairs.show.query.2.75"},
			Authz: api.Late(policy.KeypairsShow), Errors: []int{404}},
	}
}
