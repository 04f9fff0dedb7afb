package versions

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists the version documents and extensions, in the order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: a.show, Op: "versionsV21.show", Method: "GET", Path: "/", OK: 200,
			Query: api.Since{mv.Legacy: "versionsV21.show.query"},
			Authz: api.Public(), Errors: []int{404}},
		{Do: a.show, Op: "versionsV21.show", Method: "GET", Path: "/versions/{id}", OK: 200,
			Query: api.Since{mv.Legacy: "versionsV21.show.query"},
			Authz: api.Public(), Errors: []int{404}},
		{Do: a.extensions, Op: "extension_info.index", Method: "GET", Path: "/extensions", OK: 200,
			Query: api.Since{mv.V1Base: "extension_info.index.query.2.1", mv.V102NoRxtxFactor: "extension_info.index.query.2.102"},
			Authz: api.EarlyUnowned(policy.Extensions), Errors: []int{}},
		{Do: a.extension, Op: "extension_info.show", Method: "GET", Path: "/extensions/{id}", OK: 200,
			Query: api.Since{mv.V1Base: "extension_info.show.query.2.1", mv.V102NoRxtxFactor: "extension_info.show.query.2.102"},
			Authz: api.EarlyUnowned(policy.Extensions), Errors: []int{404}},
	}
}
