package network

import (
	"github.com/nova-go/nova/internal/devcloud/resource"
)

// seed is a network of a new cloud.
type seed struct {
	name, id, project, cidr string
	shared, external        bool
}

// Seed creates the networks of a new cloud that do not exist: "private" of one project, "shared"
// of all projects, and "public" for floating IPs.
func (s *Service) Seed(demo, admin string) error {
	for _, n := range []seed{
		{name: "private", project: demo, cidr: "10.0.0.0/22"},
		{name: "shared", project: admin, cidr: "192.168.232.0/22", shared: true},
		{name: "public", project: admin, cidr: "172.24.4.0/22", external: true},
	} {
		n.id = nameID(networks, n.name)
		if err := s.seedNetwork(n); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) seedNetwork(n seed) error {
	if s.o.Store.Get(networks, n.id) != nil {
		return nil
	}
	r := &resource.Request{Caller: &resource.Caller{ProjectID: n.project, Admin: true}}
	fields := resource.Doc{"name": n.name, "shared": n.shared, "router:external": n.external}
	if n.external { // as DevStack creates it
		fields["provider:network_type"], fields["provider:physical_network"] = "flat", "public"
	}
	d, err := s.newNetwork(r, n.id, fields)
	if err != nil {
		return err
	}
	if err := s.o.Store.Put(networks, n.id, d); err != nil {
		return err
	}
	id := nameID(subnets, n.id)
	d, err = s.newSubnet(r, id, resource.Doc{"name": n.name + "-subnet", "network_id": n.id, "cidr": n.cidr, "enable_dhcp": !n.external})
	if err != nil {
		return err
	}
	return s.o.Store.Put(subnets, id, d)
}
