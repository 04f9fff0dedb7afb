package versions

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists the version documents and extensions that require a token, in the order of
// Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: a.show, Op: "versionsV21.show", Method: "GET", Path: "/", OK: 200,
			Query: api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{404}},
		{Do: a.show, Op: "versionsV21.show", Method: "GET", Path: "/versions/{id}", OK: 200,
			Query: api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{404}},
		{Do: a.extensions, Op: "extension_info.index", Method: "GET", Path: "/extensions", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.EarlyUnowned(policy.Extensions), Errors: []int{}},
		{Do: a.extension, Op: "extension_info.show", Method: "GET", Path: "/extensions/{id}", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.EarlyUnowned(policy.Extensions), Errors: []int{404}},
	}
}
