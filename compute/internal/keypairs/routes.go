package keypairs

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists the operations on keypairs, in the order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{On: api.On(ownerInQuery, a.index), Op: "keypairs.index", Method: "GET", Path: "/os-keypairs", OK: 200, Until: mv.V35KeypairPaging,
			Query: api.At(mv.Legacy, mv.V10KeypairUserID),
			Authz: api.Late(policy.KeypairsIndex), Errors: []int{}},
		{On: api.On(ownerInQuery, a.index), Op: "keypairs.index", Method: "GET", Path: "/os-keypairs", OK: 200, From: mv.V35KeypairPaging,
			Query: api.At(mv.V35KeypairPaging, mv.V75Strict),
			Authz: api.Late(policy.KeypairsIndex), Errors: []int{400}},
		{On: api.On(newOwner, a.create), Op: "keypairs.create", Method: "POST", Path: "/os-keypairs", OK: 200, Until: mv.V2KeypairType,
			Body:  api.At(mv.Legacy, mv.V1Base),
			Authz: api.Late(policy.KeypairsCreate), Errors: []int{400, 403, 409}},
		{On: api.On(newOwner, a.create), Op: "keypairs.create", Method: "POST", Path: "/os-keypairs", OK: 201, From: mv.V2KeypairType,
			Body:  api.At(mv.V2KeypairType, mv.V10KeypairUserID, mv.V92KeypairImportOnly),
			Authz: api.Late(policy.KeypairsCreate), Errors: []int{400, 403, 409}},
		{On: api.On(ownerInQuery, a.delete), Op: "keypairs.delete", Method: "DELETE", Path: "/os-keypairs/{id}", OK: 202, Until: mv.V2KeypairType,
			Query: api.At(mv.Legacy),
			Authz: api.Late(policy.KeypairsDelete), Errors: []int{404}},
		{On: api.On(ownerInQuery, a.delete), Op: "keypairs.delete", Method: "DELETE", Path: "/os-keypairs/{id}", OK: 204, From: mv.V2KeypairType,
			Query: api.At(mv.Legacy, mv.V10KeypairUserID, mv.V75Strict),
			Authz: api.Late(policy.KeypairsDelete), Errors: []int{404}},
		{On: api.On(ownerInQuery, a.show), Op: "keypairs.show", Method: "GET", Path: "/os-keypairs/{id}", OK: 200,
			Query: api.At(mv.Legacy, mv.V10KeypairUserID, mv.V75Strict),
			Authz: api.Late(policy.KeypairsShow), Errors: []int{404}},
	}
}
