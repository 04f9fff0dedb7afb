package volumes

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists the operations of the proxy for volumes and of assisted snapshots, in the order
// of Nova's router.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{Do: a.assistedCreate, Op: "assisted_volume_snapshots.create", Method: "POST", Path: "/os-assisted-volume-snapshots", OK: 200,
			Body:  api.At(mv.Legacy),
			Authz: api.EarlyUnowned(policy.AssistedVolumeSnapshotsCreate), Errors: []int{400}},
		{Do: a.assistedDelete, Op: "assisted_volume_snapshots.delete", Method: "DELETE", Path: "/os-assisted-volume-snapshots/{id}", OK: 204,
			Query: api.At(mv.Legacy, mv.V75Strict),
			Authz: api.EarlyUnowned(policy.AssistedVolumeSnapshotsDelete), Errors: []int{400, 404}},
		{Do: a.snapshotIndex, Op: "snapshots.index", Method: "GET", Path: "/os-snapshots", OK: 200, Until: mv.V36NoProxies,
			Query: api.At(mv.Legacy),
			Authz: api.Early(policy.VolumesSnapshotsList), Errors: []int{}},
		{Do: a.snapshotCreate, Op: "snapshots.create", Method: "POST", Path: "/os-snapshots", OK: 200, Until: mv.V36NoProxies,
			Body:  api.At(mv.Legacy),
			Authz: api.Early(policy.VolumesSnapshotsCreate), Errors: []int{400, 403}},
		{Do: a.snapshotIndex, Op: "snapshots.detail", Method: "GET", Path: "/os-snapshots/detail", OK: 200, Until: mv.V36NoProxies,
			Query: api.At(mv.Legacy),
			Authz: api.Early(policy.VolumesSnapshotsDetail), Errors: []int{}},
		{Do: a.snapshotDelete, Op: "snapshots.delete", Method: "DELETE", Path: "/os-snapshots/{id}", OK: 202, Until: mv.V36NoProxies,
			Authz: api.Early(policy.VolumesSnapshotsDelete), Errors: []int{404}},
		{Do: a.snapshotShow, Op: "snapshots.show", Method: "GET", Path: "/os-snapshots/{id}", OK: 200, Until: mv.V36NoProxies,
			Query: api.At(mv.Legacy),
			Authz: api.Early(policy.VolumesSnapshotsShow), Errors: []int{404}},
		{Do: a.index, Op: "volumes.index", Method: "GET", Path: "/os-volumes", OK: 200, Until: mv.V36NoProxies,
			Query: api.At(mv.Legacy),
			Authz: api.Early(policy.VolumesList), Errors: []int{}},
		{Do: a.create, Op: "volumes.create", Method: "POST", Path: "/os-volumes", OK: 200, Until: mv.V36NoProxies,
			Body:  api.At(mv.Legacy),
			Authz: api.Early(policy.VolumesCreate), Errors: []int{400, 403, 404}},
		{Do: a.index, Op: "volumes.detail", Method: "GET", Path: "/os-volumes/detail", OK: 200, Until: mv.V36NoProxies,
			Query: api.At(mv.Legacy),
			Authz: api.Early(policy.VolumesDetail), Errors: []int{}},
		{Do: a.delete, Op: "volumes.delete", Method: "DELETE", Path: "/os-volumes/{id}", OK: 202, Until: mv.V36NoProxies,
			Authz: api.Early(policy.VolumesDelete), Errors: []int{400, 404}},
		{Do: a.show, Op: "volumes.show", Method: "GET", Path: "/os-volumes/{id}", OK: 200, Until: mv.V36NoProxies,
			Query: api.At(mv.Legacy),
			Authz: api.Early(policy.VolumesShow), Errors: []int{404}},
	}
}
