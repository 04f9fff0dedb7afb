package attachments

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
)

// Routes lists the operations on interfaces, volumes and shares of servers.
func (a *API) Routes() []api.Route {
	return []api.Route{
		{On: api.Record(objects.UsualParts|objects.PartFlavor, a.addFloatingIP), Op: "floating_ips.add_floating_ip", Method: "POST",
			Path: "/servers/{id}/action", Action: "addFloatingIp", OK: 202, Until: mv.V44NoServerIPs,
			Body:  api.At(mv.Legacy),
			Authz: api.Late(policy.FloatingIpsAdd), Errors: []int{400, 403, 404}},
		{On: api.On(a.floatingIP, a.removeFloatingIP), Op: "floating_ips.remove_floating_ip", Method: "POST", Path: "/servers/{id}/action",
			Action: "removeFloatingIp", OK: 202, Until: mv.V44NoServerIPs,
			Body:  api.At(mv.Legacy),
			Authz: api.Late(policy.FloatingIpsRemove), Errors: []int{400, 403, 404, 409}},
		{On: api.Server(cell.Load{}, a.interfacesIndex), Op: "attach_interfaces.index", Method: "GET",
			Path: "/servers/{server_id}/os-interface", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.Late(policy.AttachInterfacesList), Errors: []int{404, 501}},
		{On: api.Record(objects.UsualParts, a.attachInterface), Op: "attach_interfaces.create", Method: "POST",
			Path: "/servers/{server_id}/os-interface", OK: 200,
			Body:  api.At(mv.Legacy, mv.V49AttachTags),
			Authz: api.Late(policy.AttachInterfacesCreate).Asks(policy.AttachInterfacesShow), Errors: []int{400, 403, 404, 409, 500, 501}},
		{On: api.Record(objects.UsualParts|objects.PartDeviceMetadata, a.detachInterface), Op: "attach_interfaces.delete", Method: "DELETE",
			Path: "/servers/{server_id}/os-interface/{id}", OK: 202,
			Authz: api.Late(policy.AttachInterfacesDelete), Errors: []int{400, 404, 409, 501}},
		{On: api.Server(cell.Load{}, a.interfacesShow), Op: "attach_interfaces.show", Method: "GET",
			Path: "/servers/{server_id}/os-interface/{id}", OK: 200,
			Query: api.At(mv.V1Base, mv.V102NoRxtxFactor),
			Authz: api.Late(policy.AttachInterfacesShow), Errors: []int{403, 404}},
		{On: api.Server(cell.Load{}, a.volumesIndex), Op: "volume_attachments.index", Method: "GET",
			Path: "/servers/{server_id}/os-volume_attachments", OK: 200,
			Query: api.At(mv.Legacy, mv.V75Strict),
			Authz: api.Late(policy.VolumesAttachmentsIndex), Errors: []int{404}},
		{On: api.Record(objects.UsualParts, a.attachVolume), Op: "volume_attachments.create", Method: "POST",
			Path: "/servers/{server_id}/os-volume_attachments", OK: 200, Until: mv.V101AsyncAttach,
			Body:  api.At(mv.Legacy, mv.V49AttachTags, mv.V79DeleteOnTermination),
			Authz: api.Late(policy.VolumesAttachmentsCreate), Errors: []int{400, 403, 404, 409}},
		{On: api.Record(objects.UsualParts, a.attachVolume), Op: "volume_attachments.create", Method: "POST",
			Path: "/servers/{server_id}/os-volume_attachments", OK: 202, From: mv.V101AsyncAttach,
			Body:  api.At(mv.V79DeleteOnTermination),
			Authz: api.Late(policy.VolumesAttachmentsCreate), Errors: []int{400, 403, 404, 409}},
		{On: api.Record(objects.UsualParts|objects.PartDeviceMetadata|objects.PartServices, a.detachVolume), Op: "volume_attachments.delete",
			Method: "DELETE", Path: "/servers/{server_id}/os-volume_attachments/{id}", OK: 202,
			Authz: api.Late(policy.VolumesAttachmentsDelete), Errors: []int{400, 403, 404, 409}},
		{On: api.Server(cell.Load{}, a.volumesShow), Op: "volume_attachments.show", Method: "GET",
			Path: "/servers/{server_id}/os-volume_attachments/{id}", OK: 200,
			Query: api.At(mv.Legacy),
			Authz: api.Late(policy.VolumesAttachmentsShow), Errors: []int{404}},
		{On: api.On(a.attachment, a.updateVolume), Op: "volume_attachments.update", Method: "PUT",
			Path: "/servers/{server_id}/os-volume_attachments/{id}", OK: 202,
			Body:  api.At(mv.Legacy, mv.V85UpdateAttachment),
			Authz: api.Late(policy.VolumesAttachmentsSwap).Or(policy.VolumesAttachmentsUpdate, keepsVolume), Errors: []int{400, 404, 409}},
		{On: a.onShares(a.sharesIndex), Op: "server_shares.index", Method: "GET", Path: "/servers/{server_id}/shares", OK: 200,
			From:  mv.V97Shares,
			Query: api.At(mv.Legacy),
			Authz: api.Late(policy.ServerSharesIndex), Errors: []int{400, 403, 404}},
		{On: a.onShares(a.attachShare), Op: "server_shares.create", Method: "POST", Path: "/servers/{server_id}/shares", OK: 201,
			From:  mv.V97Shares,
			Body:  api.At(mv.V97Shares),
			Authz: api.Late(policy.ServerSharesCreate), Errors: []int{400, 403, 404, 409}},
		{On: a.onShares(a.detachShare), Op: "server_shares.delete", Method: "DELETE", Path: "/servers/{server_id}/shares/{id}", OK: 200,
			From:  mv.V97Shares,
			Authz: api.Late(policy.ServerSharesDelete), Errors: []int{400, 403, 404, 409}},
		{On: a.onShares(a.sharesShow), Op: "server_shares.show", Method: "GET", Path: "/servers/{server_id}/shares/{id}", OK: 200,
			From:  mv.V97Shares,
			Query: api.At(mv.Legacy),
			Authz: api.Late(policy.ServerSharesShow), Errors: []int{400, 403, 404}},
	}
}
