package volumes

import (
	"github.com/nova-go/nova/compute/api"
	"github.com/nova-go/nova/compute/mv"
)

// Routes lists the volume proxy and assisted snapshots, in the order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Op: "assisted_volume_snapshots.create", Method: "POST", Path: "/os-assisted-volume-snapshots", OK: 200,
			Body:  api.Since{mv.Legacy: "assisted_volume_snapshots.create.body"},
			Authz: api.EarlyUnowned("os_compute_api:os-assisted-volume-snapshots:create"), Errors: []int{400}},
		{Op: "assisted_volume_snapshots.delete", Method: "DELETE", Path: "/os-assisted-volume-snapshots/{id}", OK: 204,
			Query: api.Since{mv.Legacy: "assisted_volume_snapshots.delete.query.2.0", mv.V75Strict: "assisted_volume_snapshots.delete.query.2.75"},
			Authz: api.EarlyUnowned("os_compute_api:os-assisted-volume-snapshots:delete"), Errors: []int{400, 404}},
		{Op: "snapshots.index", Method: "GET", Path: "/os-snapshots", OK: 200, Until: mv.V36NoProxies,
			Query: api.Since{mv.Legacy: "snapshots.index.query"},
			Authz: api.Early("os_compute_api:os-volumes:snapshots:list"), Errors: []int{}},
		{Op: "snapshots.create", Method: "POST", Path: "/os-snapshots", OK: 200, Until: mv.V36NoProxies,
			Body:  api.Since{mv.Legacy: "snapshots.create.body"},
			Authz: api.Early("os_compute_api:os-volumes:snapshots:create"), Errors: []int{400, 403}},
		{Op: "snapshots.detail", Method: "GET", Path: "/os-snapshots/detail", OK: 200, Until: mv.V36NoProxies,
			Query: api.Since{mv.Legacy: "snapshots.detail.query"},
			Authz: api.Early("os_compute_api:os-volumes:snapshots:detail"), Errors: []int{}},
		{Op: "snapshots.delete", Method: "DELETE", Path: "/os-snapshots/{id}", OK: 202, Until: mv.V36NoProxies,
			Authz: api.Early("os_compute_api:os-volumes:snapshots:delete"), Errors: []int{404}},
		{Op: "snapshots.show", Method: "GET", Path: "/os-snapshots/{id}", OK: 200, Until: mv.V36NoProxies,
			Query: api.Since{mv.Legacy: "snapshots.show.query"},
			Authz: api.Early("os_compute_api:os-volumes:snapshots:show"), Errors: []int{404}},
		{Op: "volumes.index", Method: "GET", Path: "/os-volumes", OK: 200, Until: mv.V36NoProxies,
			Query: api.Since{mv.Legacy: "volumes.index.query"},
			Authz: api.Early("os_compute_api:os-volumes:list"), Errors: []int{}},
		{Op: "volumes.create", Method: "POST", Path: "/os-volumes", OK: 200, Until: mv.V36NoProxies,
			Body:  api.Since{mv.Legacy: "volumes.create.body"},
			Authz: api.Early("os_compute_api:os-volumes:create"), Errors: []int{400, 403, 404}},
		{Op: "volumes.detail", Method: "GET", Path: "/os-volumes/detail", OK: 200, Until: mv.V36NoProxies,
			Query: api.Since{mv.Legacy: "volumes.detail.query"},
			Authz: api.Early("os_compute_api:os-volumes:detail"), Errors: []int{}},
		{Op: "volumes.delete", Method: "DELETE", Path: "/os-volumes/{id}", OK: 202, Until: mv.V36NoProxies,
			Authz: api.Early("os_compute_api:os-volumes:delete"), Errors: []int{400, 404}},
		{Op: "volumes.show", Method: "GET", Path: "/os-volumes/{id}", OK: 200, Until: mv.V36NoProxies,
			Query: api.Since{mv.Legacy: "volumes.show.query"},
			Authz: api.Early("os_compute_api:os-volumes:show"), Errors: []int{404}},
	}
}
