package hosts

import (
	"maps"
	"slices"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// zone is an availability zone with its services. It is available if one of them is enabled,
// whether this service is up or down.
type zone struct {
	name     string
	services []*objects.Service // the enabled services
}

func (z *zone) available() bool { return len(z.services) > 0 }

// allZones returns the zones of all services: the available ones by name, then the others.
func (a *API) allZones(r *api.Request) ([]*zone, error) {
	read := a.readZones(r.Context())
	services, err := a.Services.Services(r.Context(), cell.ServiceQuery{})
	if err != nil {
		return nil, err
	}
	byHost, err := read()
	if err != nil {
		return nil, err
	}
	zones := map[string]*zone{}
	for _, s := range services {
		name := a.zoneOf(byHost, s)
		z := zones[name]
		if z == nil {
			z = &zone{name: name}
			zones[name] = z
		}
		if !s.Disabled {
			z.services = append(z.services, s)
		}
	}
	var available, others []*zone
	for _, name := range slices.Sorted(maps.Keys(zones)) {
		if z := zones[name]; z.available() {
			available = append(available, z)
		} else {
			others = append(others, z)
		}
	}
	return append(available, others...), nil
}

// zonesDoc writes zones; hosts writes the member "hosts".
func zonesDoc(zones []*zone, hosts func(o *api.Object, z *zone)) api.Encoder {
	return api.Doc(func(o *api.Object) {
		o.List("availabilityZoneInfo", len(zones), func(i int, arr *api.Array) {
			arr.Obj(func(o *api.Object) {
				o.Str("zoneName", zones[i].name)
				o.Obj("zoneState", func(o *api.Object) { o.Bool("available", zones[i].available()) })
				hosts(o, zones[i])
			})
		})
	})
}

func (a *API) zones(r *api.Request) (any, error) {
	zones, err := a.allZones(r)
	if err != nil {
		return nil, err
	}
	zones = slices.DeleteFunc(zones, func(z *zone) bool { return z.name == a.InternalZone })
	return zonesDoc(zones, func(o *api.Object, _ *zone) { o.Null("hosts") }), nil
}

func (a *API) zonesDetail(r *api.Request) (any, error) {
	zones, err := a.allZones(r)
	if err != nil {
		return nil, err
	}
	return zonesDoc(zones, func(o *api.Object, z *zone) {
		if !z.available() {
			o.Null("hosts")
			return
		}
		a.zoneHosts(o, z)
	}), nil
}

// zoneHosts writes the services of a zone, sorted by host and name. It leaves out API services,
// because nothing updates their rows.
func (a *API) zoneHosts(o *api.Object, z *zone) {
	hosts := map[string]map[string]*objects.Service{}
	for _, s := range z.services {
		if isAPIService(s) {
			continue
		}
		if hosts[s.Host] == nil {
			hosts[s.Host] = map[string]*objects.Service{}
		}
		hosts[s.Host][s.Binary] = s
	}
	o.Obj("hosts", func(o *api.Object) {
		for _, host := range api.Keys(hosts) {
			o.Obj(host, func(o *api.Object) {
				for _, binary := range api.Keys(hosts[host]) {
					s := hosts[host][binary]
					o.Obj(binary, func(o *api.Object) {
						o.Bool("available", a.Hosts.Up(s))
						o.Bool("active", true) // disabled services are left out
						o.Time("updated_at", s.UpdatedAt, microTime)
					})
				}
			})
		}
	})
}
