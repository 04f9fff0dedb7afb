package network

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// collections returns the kinds of resources with the usual operations.
func (s *Service) collections() []collection {
	return append(append(append(s.poolCollections(), s.flavorCollections()...), s.trunkCollection(),
		s.addressGroupCollection(), s.segmentCollection(),
		s.policyCollection(), s.accessCollection()), []collection{
		{kind: networks, singular: "network", class: "Network", create: s.newNetwork, before: s.networkPolicy,
			visible: func(d resource.Doc) bool { return resource.Bool(d, "shared") || resource.Bool(d, "router:external") },
			remove: func(d resource.Doc) error {
				id := resource.Text(d, "id")
				if slices.ContainsFunc(s.o.Store.Find(ports, "network_id", id), func(p resource.Doc) bool {
					return resource.Text(p,
						"device_owner") != "network:dhcp"
				}) {
					return resource.Errorf(http.StatusConflict, "NetworkInUse",
						"Unable to complete operation on network %s. There are one or more ports still in use on the network.", id)
				}
				for _, n := range s.o.Store.Find(subnets, "network_id", id) {
					if _, err := s.o.Store.Delete(subnets, resource.Text(n, "id")); err != nil {
						return err
					}
				}
				return s.dropSegments(id)
			}},
		{kind: subnets, singular: "subnet", class: "Subnet", create: s.newSubnet, visible: func(d resource.Doc) bool {
			n := s.o.Store.Get(networks, resource.Text(d, "network_id"))
			return resource.Bool(n, "shared") || resource.Bool(n, "router:external")
		}, remove: func(d resource.Doc) error {
			id := resource.Text(d, "id")
			for _, p := range s.o.Store.Find(ports, "network_id", d["network_id"]) {
				if slices.ContainsFunc(resource.Docs(p, "fixed_ips"), func(ip resource.Doc) bool { return ip["subnet_id"] == id }) {
					return resource.Errorf(http.StatusConflict, "SubnetInUse",
						"Unable to complete operation on subnet %s: One or more ports have an IP allocation from this subnet.", id)
				}
			}
			_, err := s.o.Store.Update(networks, resource.Text(d, "network_id"), func(n resource.Doc) error {
				n["subnets"] = slices.DeleteFunc(slices.Clone(resource.List(n, "subnets")), func(v any) bool { return v == id })
				return nil
			})
			return err
		}},
		{kind: ports, singular: "port", class: "Port", create: s.newPort, change: s.changePort,
			query: resource.Query{Special: map[string]func(resource.Doc, []string) bool{"fixed_ips": hasAddress, "security_groups": inGroup}},
			remove: func(d resource.Doc) error {
				if err := s.inTrunk(resource.Text(d, "id")); err != nil {
					return err
				}
				if err := s.dropForwardings("internal_port_id", d["id"]); err != nil {
					return err
				}
				for _, f := range s.o.Store.Find(floating, "port_id", d["id"]) {
					if _, err := s.o.Store.Update(floating, resource.Text(f, "id"), func(f resource.Doc) error { release(f); return nil }); err != nil {
						return err
					}
				}
				return nil
			}},
		{kind: groups, singular: "security_group", class: "SecurityGroup", create: s.newGroup, remove: func(d resource.Doc) error {
			id := resource.Text(d, "id")
			if d["name"] == "default" {
				return resource.Errorf(http.StatusConflict, "SecurityGroupCannotRemoveDefault", "Removing default security group not allowed.")
			}
			if slices.ContainsFunc(s.o.Store.All(ports), func(p resource.Doc) bool {
				return slices.Contains(resource.Strings(p,
					"security_groups"), id)
			}) {
				return resource.Errorf(http.StatusConflict, "SecurityGroupInUse", "Security Group %s in use.", id)
			}
			for _, rule := range s.o.Store.Find(rules, "security_group_id", id) {
				if _, err := s.o.Store.Delete(rules, resource.Text(rule, "id")); err != nil {
					return err
				}
			}
			return nil
		}},
		{kind: rules, singular: "security_group_rule", class: "SecurityGroupRule", create: s.newRule,
			remove: func(d resource.Doc) error { return s.ruleGone(d) }},
		{kind: floating, singular: "floatingip", class: "FloatingIP", create: s.newFloating, change: s.changeFloating,
			remove: s.releaseFloatingPort},
		{kind: routers, singular: "router", class: "Router", create: s.newRouter, before: s.gateway, remove: s.checkRouterUnused},
	}...)
}

func (s *Service) newNetwork(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	d := s.commonFields(id, r.Project(body), body)
	for field, value := range map[string]any{"admin_state_up": true, "mtu": 1450, "shared": false, "router:external": false,
		"port_security_enabled": true, "qos_policy_id": nil, "availability_zone_hints": []any{}} {
		d[field] = resource.Or(body, field, value)
	}
	if err := s.checkPolicy(r, body); err != nil {
		return nil, err
	}
	if err := s.segmentsOf(id, body); err != nil {
		return nil, err
	}
	maps.Copy(d, s.providerOf(id))
	maps.Copy(d, map[string]any{"status": "ACTIVE", "subnets": []any{}, "availability_zones": []any{"nova"}, "ipv4_address_scope": nil,
		"ipv6_address_scope": nil, "l2_adjacency": true, "is_default": false})
	return d, nil
}

func (s *Service) newSubnet(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	network := resource.Text(body, "network_id")
	of := s.o.Store.Get(networks, network)
	if of == nil {
		return nil, resource.Errorf(http.StatusNotFound, "NetworkNotFound", "Network %s could not be found.", network)
	}
	if !r.Caller.Can(resource.Text(of, "project_id")) {
		return nil, disallowed("create_subnet")
	}
	s.allocating.Lock()
	defer s.allocating.Unlock()
	if err := s.pooled(r, body); err != nil {
		return nil, err
	}
	cidr, err := netip.ParsePrefix(resource.Text(body, "cidr"))
	if err != nil {
		return nil, bad("Invalid input for cidr. Reason: '%s' is not a valid IP subnet.", resource.Text(body, "cidr"))
	}
	cidr = cidr.Masked()
	version := 4
	if cidr.Addr().Is6() {
		version = 6
	}
	gateway, given := body["gateway_ip"]
	if !given {
		gateway = cidr.Addr().String() // of IPv6, the anycast address of routers
		if version == 4 {
			gateway = cidr.Addr().Next().String()
		}
	}
	pools := allocationPools(cidr, gateway)
	if p := resource.List(body, "allocation_pools"); len(p) > 0 {
		pools = p
	}
	d := s.commonFields(id, r.Project(body), body)
	maps.Copy(d, map[string]any{"network_id": network, "cidr": cidr.String(), "ip_version": version, "gateway_ip": gateway,
		"allocation_pools": pools,
		"enable_dhcp":      resource.Or(body, "enable_dhcp", true), "dns_nameservers": resource.List(body, "dns_nameservers"),
		"host_routes":  resource.List(body, "host_routes"),
		"ipv6_ra_mode": body["ipv6_ra_mode"], "ipv6_address_mode": body["ipv6_address_mode"], "subnetpool_id": body["subnetpool_id"],
		"service_types":   resource.List(body, "service_types"),
		"router:external": resource.Bool(of, "router:external"), "segment_id": body["segment_id"]})
	if with := of["_shared_with"]; with != nil {
		d["_shared_with"] = with
	}
	if err := s.o.Store.Put(subnets, id, d); err != nil {
		return nil, err
	}
	_, err = s.o.Store.Update(networks, network, func(n resource.Doc) error {
		n["subnets"] = append(slices.Clone(resource.List(n, "subnets")), id)
		maps.Copy(n, s.scopesOf(network))
		return nil
	})
	return d, err
}

// allocationPools returns the addresses of a subnet that ports can have: all but that of the network,
// of the broadcast and of the gateway. Subnets of one address, and of two of IPv4, have all.
func allocationPools(p netip.Prefix, gateway any) []any {
	first, last := p.Addr(), lastOf(p)
	switch bits := p.Addr().BitLen() - p.Bits(); {
	case bits == 0:
		return []any{resource.Doc{"start": first.String(), "end": last.String()}}
	case p.Addr().Is6():
		first = first.Next()
	case bits > 1:
		first, last = first.Next(), last.Prev()
	}
	text, _ := gateway.(string)
	g, err := netip.ParseAddr(text)
	pools := []any{}
	add := func(start, end netip.Addr) {
		if start.IsValid() && end.IsValid() && start.Compare(end) <= 0 {
			pools = append(pools, resource.Doc{"start": start.String(), "end": end.String()})
		}
	}
	if err != nil || g.Less(first) || last.Less(g) {
		add(first, last)
		return pools
	}
	add(first, g.Prev())
	add(g.Next(), last)
	return pools
}

// lastOf returns the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(b)*8; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (s *Service) newGroup(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	return s.group(id, r.Project(body), body)
}

// group creates a security group with the rules that allow egress and traffic within the group.
func (s *Service) group(id, project string, body resource.Doc) (resource.Doc, error) {
	d := s.commonFields(id, project, body)
	d["stateful"], d["shared"], d["security_group_rules"] = resource.Or(body, "stateful", true), false, []any{}
	if err := s.o.Store.Put(groups, id, d); err != nil {
		return nil, err
	}
	for _, ether := range []string{"IPv4", "IPv6"} {
		if err := s.addRule(resource.Doc{"security_group_id": id, "direction": "egress", "ethertype": ether}, project); err != nil {
			return nil, err
		}
		if body["name"] == "default" {
			if err := s.addRule(resource.Doc{"security_group_id": id, "direction": "ingress", "ethertype": ether, "remote_group_id": id},
				project); err != nil {
				return nil, err
			}
		}
	}
	return s.o.Store.Get(groups, id), nil
}

// defaultGroup returns the id of a project's default security group, and creates the group if
// necessary.
func (s *Service) defaultGroup(project string) string {
	if project == "" {
		return ""
	}
	for _, d := range s.o.Store.Find(groups, "project_id", project) {
		if d["name"] == "default" {
			return resource.Text(d, "id")
		}
	}
	id := nameID(groups, project)
	if _, err := s.group(id, project, resource.Doc{"name": "default", "description": "Default security group"}); err != nil {
		return ""
	}
	return id
}
