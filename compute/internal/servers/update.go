package servers

import (
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/lifecycle"
)

func (a *API) update(r *api.Request, s *shown) (any, error) {
	v, err := a.viewOf(r, s)
	if err != nil {
		return nil, err
	}
	i := s.server
	body := r.Field("server")
	if zone, given := body["pinned_availability_zone"]; given && r.Since(mv.V104UpdatePinnedZone) {
		if err := a.pinZone(r, v, i, zone); err != nil {
			return nil, err
		}
	}
	spec, group := i.Spec, i.Group
	if i, err = a.Ops.Update(r.Ctx(), r.Context, i, changes(body), s.want.Load); err != nil {
		if objects.IsClass(err, "InstanceNotFound") {
			return nil, api.NotFound("Instance could not be found")
		}
		return nil, err
	}
	i.Spec, i.Group = spec, group
	return v.document(i)
}

// changes reads the body; disk config and addresses are checked by the schema.
func changes(body map[string]any) lifecycle.Changes {
	var c lifecycle.Changes
	if name, ok := body["name"].(string); ok {
		name = strings.TrimSpace(name)
		c.Name = &name
	}
	if description, given := body["description"]; given {
		var to *string
		if s, ok := description.(string); ok {
			to = &s
		}
		c.Description = &to
	}
	if hostname, ok := body["hostname"].(string); ok {
		c.Hostname = &hostname
	}
	if mode, ok := body["OS-DCF:diskConfig"].(string); ok {
		auto := mode == "AUTO"
		c.AutoDiskConfig = &auto
	}
	address := func(name string) *string {
		s, ok := body[name].(string)
		if !ok {
			return nil
		}
		return objects.CanonicalIP(&s)
	}
	c.AccessIPv4, c.AccessIPv6 = address("accessIPv4"), address("accessIPv6")
	return c
}

// pinZone keeps the server in the zone it is in, or lets it go.
func (a *API) pinZone(r *api.Request, v *view, i *objects.Instance, asked any) error {
	var err error
	if v.zone, err = a.Servers.Zones(r.Ctx()); err != nil {
		return err
	}
	var zone *string
	if s, ok := asked.(string); ok {
		zone = &s
	}
	if err := a.Ops.PinZone(r.Ctx(), i, zone, v.zoneOf(i)); err != nil {
		return err
	}
	if i.Spec != nil {
		i.Spec.Zone = zone
	}
	return nil
}
