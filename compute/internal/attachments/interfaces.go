package attachments

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
)

func (a *API) interfacesIndex(r *api.Request, i *objects.Instance) (any, error) {
	ports, err := a.Network.Ports(r.Context(), r.Caller, i.UUID)
	if err != nil {
		return nil, err
	}
	tags, err := a.interfaceTags(r, i)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.List("interfaceAttachments", len(ports), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { writePort(r, o, &ports[n], tags) })
		})
	}), nil
}

func (a *API) interfacesShow(r *api.Request, i *objects.Instance) (any, error) {
	return a.oneInterface(r, i, r.Var("id"))
}

func (a *API) oneInterface(r *api.Request, i *objects.Instance, id string) (any, error) {
	p, err := a.Network.Port(r.Context(), r.Caller, id)
	if err != nil {
		return nil, err
	}
	if p.DeviceID != i.UUID {
		return nil, api.NotFound("Instance %s does not have a port with id %s", i.UUID, id)
	}
	tags, err := a.interfaceTags(r, i)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("interfaceAttachment", func(o *api.Object) { writePort(r, o, p, tags) })
	}), nil
}

func (a *API) interfaceTags(r *api.Request, i *objects.Instance) (map[string]*string, error) {
	if !r.Since(mv.V70AttachmentTags) {
		return nil, nil
	}
	return a.Servers.VIFTags(r.Context(), i)
}

func writePort(r *api.Request, o *api.Object, p *objects.Port, tags map[string]*string) {
	o.Str("net_id", p.NetworkID)
	o.Str("port_id", p.ID)
	o.Str("mac_addr", p.MACAddress)
	o.Str("port_state", p.Status)
	o.List("fixed_ips", len(p.FixedIPs), func(n int, arr *api.Array) {
		arr.Obj(func(o *api.Object) {
			o.Str("subnet_id", p.FixedIPs[n].SubnetID)
			o.Str("ip_address", p.FixedIPs[n].IPAddress)
		})
	})
	if r.Since(mv.V70AttachmentTags) {
		o.Opt("tag", tags[p.ID])
	}
}
