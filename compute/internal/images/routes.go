package images

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
)

// Routes lists the operations of the image proxy, in the order of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: a.index, Op: "images.index", Method: "GET", Path: "/images", OK: 200, Until: mv.V36NoProxies,
			Query: api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{400}},
		{Do: a.detail, Op: "images.detail", Method: "GET", Path: "/images/detail", OK: 200, Until: mv.V36NoProxies,
			Query: api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{400}},
		{Do: a.delete, Op: "images.delete", Method: "DELETE", Path: "/images/{id}", OK: 204, Until: mv.V36NoProxies,
			Authz: api.Public(), Errors: []int{403, 404}},
		{Do: a.show, Op: "images.show", Method: "GET", Path: "/images/{id}", OK: 200, Until: mv.V36NoProxies,
			Query: api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{404}},
		{Do: a.metaIndex, Op: "image_metadata.index", Method: "GET", Path: "/images/{image_id}/metadata", OK: 200, Until: mv.V39NoImageMetadata,
			Query: api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{403, 404}},
		{Do: a.metaCreate, Op: "image_metadata.create", Method: "POST", Path: "/images/{image_id}/metadata", OK: 200,
			Until: mv.V39NoImageMetadata,
			Body:  api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{400, 403, 404}},
		{Do: a.metaUpdateAll, Op: "image_metadata.update_all", Method: "PUT", Path: "/images/{image_id}/metadata", OK: 200,
			Until: mv.V39NoImageMetadata,
			Body:  api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{400, 403, 404}},
		{Do: a.metaDelete, Op: "image_metadata.delete", Method: "DELETE", Path: "/images/{image_id}/metadata/{id}", OK: 204,
			Until: mv.V39NoImageMetadata,
			Authz: api.Public(), Errors: []int{403, 404}},
		{Do: a.metaShow, Op: "image_metadata.show", Method: "GET", Path: "/images/{image_id}/metadata/{id}", OK: 200,
			Until: mv.V39NoImageMetadata,
			Query: api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{403, 404}},
		{Do: a.metaUpdate, Op: "image_metadata.update", Method: "PUT", Path: "/images/{image_id}/metadata/{id}", OK: 200,
			Until: mv.V39NoImageMetadata,
			Body:  api.At(mv.Legacy),
			Authz: api.Public(), Errors: []int{400, 403, 404}},
	}
}
