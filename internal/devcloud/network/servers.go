package network

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// Server is the server that ports are created for.
type Server struct {
	ID, Project, Host, Zone string
	Groups                  []string // security groups, by id or name
	Admin                   bool     // an administrator has sent the request
}

// Available returns the networks that a caller of a project may use: those of ids that the caller
// sees, or without ids the networks of the project and then the shared ones.
func (s *Service) Available(project string, admin bool, ids []string) []resource.Doc {
	var list []resource.Doc
	if len(ids) > 0 {
		for _, id := range ids {
			n := s.o.Store.Get(networks, id)
			if n != nil && (admin || n["project_id"] == project || sharedWith(n, project) || resource.Bool(n, "router:external")) {
				list = append(list, n)
			}
		}
		return list
	}
	for _, shared := range []bool{false, true} {
		for _, n := range s.o.Store.All(networks) {
			if sharedWith(n, project) == shared && (shared || n["project_id"] == project) {
				list = append(list, n)
			}
		}
	}
	return list
}

// Port returns a port, or nil.
func (s *Service) Port(id string) resource.Doc { return s.o.Store.Get(ports, id) }

// CreatePort creates the port of a server on a network and binds it to the server's host. Without
// an address the network chooses the addresses. Errors: those of Neutron.
func (s *Service) CreatePort(server Server, n resource.Doc, address string) (resource.Doc, error) {
	body := resource.Doc{"device_id": server.ID, "device_owner": "compute:" + server.Zone, "binding:host_id": server.Host}
	if address != "" {
		body["fixed_ips"] = []any{resource.Doc{"ip_address": address}}
	}
	if err := mayCreatePort(&resource.Caller{ProjectID: server.Project, Admin: server.Admin}, n, body); err != nil {
		return nil, err
	}
	if secgroups := s.groupIDs(server); len(secgroups) > 0 {
		body["security_groups"] = secgroups
	}
	return s.port(uuid.NewString(), server.Project, n, body)
}

// Bind binds a port to the host of a server. The port remains when the server is deleted, because
// Nova did not create it.
func (s *Service) Bind(server Server, port string) error {
	_, err := s.o.Store.Update(ports, port, func(d resource.Doc) error {
		if owner := resource.Text(d, "device_id"); owner != "" && owner != server.ID {
			return resource.Errorf(http.StatusConflict, "PortInUse", "Port %s is still in use.", port)
		}
		d["device_id"], d["device_owner"], d["binding:host_id"] = server.ID, "compute:"+server.Zone, server.Host
		d["_preserve"] = true
		bindPort(d)
		return nil
	})
	return err
}

func (s *Service) groupIDs(server Server) []any {
	var ids []any
	for _, g := range server.Groups {
		if g == "default" {
			ids = append(ids, s.defaultGroup(server.Project))
			continue
		}
		for _, d := range s.o.Store.Find(groups, "project_id", server.Project) {
			if d["id"] == g || d["name"] == g {
				ids = append(ids, d["id"])
			}
		}
	}
	return ids
}

// AllocateTopology returns the auto-allocated network of a project, and creates it if necessary.
func (s *Service) AllocateTopology(project string) (resource.Doc, error) {
	id := nameID(allocated, project)
	if s.o.Store.Get(networks, id) == nil {
		if err := s.seedNetwork(seed{name: "auto_allocated_network", id: id, project: project, cidr: "10.1.0.0/24"}); err != nil {
			return nil, err
		}
	}
	return s.o.Store.Get(networks, id), nil
}

// deleteTopology deletes the auto-allocated network of a project.
func (s *Service) deleteTopology(r *resource.Request) error {
	project := r.PathValue("project")
	d := s.o.Store.Get(networks, nameID(allocated, project))
	if d == nil || !r.Caller.Can(project) {
		return nil
	}
	for _, c := range s.collections() {
		if c.kind == networks {
			return s.delete(c, d)
		}
	}
	return nil
}

// Attached tells whether a port is one of a server's.
func (s *Service) Attached(server, port string) bool {
	return slices.ContainsFunc(s.o.Store.Find(ports, "device_id", server), func(p resource.Doc) bool { return p["id"] == port })
}

// Unplug removes the port of a server, or all its ports if port is "". Ports that Nova created
// are deleted, others are unbound.
func (s *Service) Unplug(server, port string) error {
	for _, p := range s.o.Store.Find(ports, "device_id", server) {
		id := resource.Text(p, "id")
		if port != "" && id != port {
			continue
		}
		if !resource.Bool(p, "_preserve") {
			for _, f := range s.o.Store.Find(floating, "port_id", id) {
				if _, err := s.o.Store.Update(floating, resource.Text(f, "id"), func(f resource.Doc) error { release(f); return nil }); err != nil {
					return err
				}
			}
			if _, err := s.o.Store.Delete(ports, id); err != nil {
				return err
			}
			continue
		}
		if _, err := s.o.Store.Update(ports, id, func(d resource.Doc) error {
			d["device_id"], d["device_owner"], d["binding:host_id"] = "", "", ""
			delete(d, "_preserve")
			bindPort(d)
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// Move binds the ports of a server to another host; "" unbinds them.
func (s *Service) Move(server, host string) error {
	for _, p := range s.o.Store.Find(ports, "device_id", server) {
		if _, err := s.o.Store.Update(ports, resource.Text(p, "id"), func(d resource.Doc) error {
			d["binding:host_id"] = host
			bindPort(d)
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// AddAddress adds an address to the server's port on a network. It returns false if the server has
// no port there.
func (s *Service) AddAddress(server, network string) (bool, error) {
	n := s.o.Store.Get(networks, network)
	for _, p := range s.o.Store.Find(ports, "device_id", server) {
		if p["network_id"] != network {
			continue
		}
		all := s.o.Store.All(ports)
		_, err := s.o.Store.Update(ports, resource.Text(p, "id"), func(d resource.Doc) error {
			more, err := s.addresses(n, resource.Doc{}, resource.Text(d, "mac_address"), all)
			d["fixed_ips"] = append(append([]any{}, resource.List(d, "fixed_ips")...), more...)
			return err
		})
		return err == nil, err
	}
	return false, nil
}

// RemoveAddress removes an address from the port of a server that has it. It returns false if
// there is none.
func (s *Service) RemoveAddress(server, address string) (bool, error) {
	for _, p := range s.o.Store.Find(ports, "device_id", server) {
		kept := []any{}
		for _, ip := range resource.Docs(p, "fixed_ips") {
			if ip["ip_address"] != address {
				kept = append(kept, ip)
			}
		}
		if len(kept) == len(resource.Docs(p, "fixed_ips")) {
			continue
		}
		_, err := s.o.Store.Update(ports, resource.Text(p, "id"), func(d resource.Doc) error { d["fixed_ips"] = kept; return nil })
		return err == nil, err
	}
	return false, nil
}

// VIFs returns the network info of a server in the form of its info cache: first the ports of
// order, then the others in the order of their creation.
func (s *Service) VIFs(server string, order []string) []resource.Doc {
	all := s.o.Store.Find(ports, "device_id", server)
	rank := func(p resource.Doc) int {
		if n := slices.Index(order, resource.Text(p, "id")); n >= 0 {
			return n
		}
		return len(order)
	}
	slices.SortStableFunc(all, func(a, b resource.Doc) int { return rank(a) - rank(b) })
	list := []resource.Doc{}
	for _, p := range all {
		list = append(list, s.vif(p))
	}
	return list
}

// VIF returns the entry of one port in the network info, or nil.
func (s *Service) VIF(port string) resource.Doc {
	if p := s.o.Store.Get(ports, port); p != nil {
		return s.vif(p)
	}
	return nil
}

func (s *Service) vif(p resource.Doc) resource.Doc {
	id := resource.Text(p, "id")
	n := s.o.Store.Get(networks, resource.Text(p, "network_id"))
	order := []string{}
	bySubnet := map[string][]any{}
	for _, ip := range resource.Docs(p, "fixed_ips") {
		subnet, address := resource.Text(ip, "subnet_id"), resource.Text(ip, "ip_address")
		if bySubnet[subnet] == nil {
			order = append(order, subnet)
		}
		bySubnet[subnet] = append(bySubnet[subnet], s.fixed(id, address))
	}
	nets := []any{}
	for _, subnet := range order {
		d := s.o.Store.Get(subnets, subnet)
		dns := []any{}
		for _, a := range resource.Strings(d, "dns_nameservers") {
			dns = append(dns, endpoint(a, "dns"))
		}
		routes := []any{}
		for _, r := range resource.Docs(d, "host_routes") {
			routes = append(routes, resource.Doc{"cidr": r["destination"], "gateway": endpoint(resource.Text(r, "nexthop"), "gateway"),
				"interface": nil, "meta": resource.Doc{}})
		}
		meta := resource.Doc{"enable_dhcp": d["enable_dhcp"]}
		if mode := resource.Text(d, "ipv6_address_mode"); mode != "" {
			meta["ipv6_address_mode"] = mode
		}
		nets = append(nets, resource.Doc{"cidr": d["cidr"], "dns": dns, "gateway": endpoint(resource.Text(d, "gateway_ip"), "gateway"),
			"ips": bySubnet[subnet], "routes": routes, "version": resource.Int(d, "ip_version"), "meta": meta})
	}
	return resource.Doc{"id": id, "address": p["mac_address"], "network": resource.Doc{"id": n["id"], "bridge": "br-int",
		"label": n["name"], "subnets": nets,
		"meta": resource.Doc{"injected": false, "tenant_id": n["project_id"], "mtu": resource.Int(n, "mtu"),
			"physical_network": n["provider:physical_network"], "tunneled": tunneled(n)}},
		"type": "ovs", "details": vifDetails, "devname": "tap" + id[:11], "ovs_interfaceid": id, "qbh_params": nil, "qbg_params": nil,
		"active":    p["status"] == "ACTIVE",
		"vnic_type": p["binding:vnic_type"], "profile": p["binding:profile"], "preserve_on_delete": resource.Bool(p, "_preserve"),
		"delegate_create": true, "meta": resource.Doc{}}
}

// tunneled tells whether the traffic of a network is tunneled.
func tunneled(network resource.Doc) bool {
	return slices.Contains([]string{"vxlan", "gre", "geneve"}, resource.Text(network, "provider:network_type"))
}

func (s *Service) fixed(port, address string) resource.Doc {
	fips := []any{}
	for _, f := range s.o.Store.Find(floating, "port_id", port) {
		if f["fixed_ip_address"] == address {
			fips = append(fips, endpoint(resource.Text(f, "floating_ip_address"), "floating"))
		}
	}
	ip := endpoint(address, "fixed")
	ip["floating_ips"] = fips
	return ip
}

func endpoint(address, kind string) resource.Doc {
	version := any(4)
	a, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return resource.Doc{"address": nil, "type": kind, "version": nil, "meta": resource.Doc{}}
	case a.Is6():
		version = 6
	}
	return resource.Doc{"address": address, "type": kind, "version": version, "meta": resource.Doc{}}
}

// Servers returns the ids of all servers with ports.
func (s *Service) Servers() []string {
	var ids []string
	for _, p := range s.o.Store.All(ports) {
		if strings.HasPrefix(resource.Text(p, "device_owner"), "compute:") {
			ids = append(ids, resource.Text(p, "device_id"))
		}
	}
	return ids
}
