package network

import (
	"maps"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// Ask is a requested interface of a server: on a network, or with an existing port.
type Ask struct {
	Network, Port, Address string
}

// Server is the server that ports are created for.
type Server struct {
	ID, Project, Host, Zone string
	Groups                  []string // security groups, by id or name
}

// Plug creates or binds the ports of a server and returns their ids in the order of asks. Without
// asks it uses the only network of the project; with auto it creates a network if there is none.
func (s *Service) Plug(server Server, asks []Ask, auto bool) ([]string, error) {
	if len(asks) == 0 {
		id, err := s.soleNetwork(server.Project, auto)
		if err != nil || id == "" {
			return nil, err
		}
		asks = []Ask{{Network: id}}
	}
	var made []string
	for _, a := range asks {
		id, err := s.plug(server, a)
		if err != nil {
			return made, err
		}
		made = append(made, id)
	}
	return made, nil
}

func (s *Service) plug(server Server, a Ask) (string, error) {
	mine := resource.Doc{"device_id": server.ID, "device_owner": "compute:" + server.Zone, "binding:host_id": server.Host}
	if a.Port != "" {
		_, err := s.o.Store.Update(ports, a.Port, func(d resource.Doc) error {
			if owner := resource.Text(d, "device_id"); owner != "" && owner != server.ID {
				return resource.Errorf(http.StatusConflict, "PortInUse", "Port %s is still in use.", a.Port)
			}
			maps.Copy(d, mine)
			d["_preserve"] = true
			bindPort(d)
			return nil
		})
		return a.Port, err
	}
	n := s.o.Store.Get(networks, a.Network)
	if n == nil {
		return "", resource.Errorf(http.StatusNotFound, "NetworkNotFound", "Network %s could not be found.", a.Network)
	}
	if a.Address != "" {
		mine["fixed_ips"] = []any{resource.Doc{"ip_address": a.Address}}
	}
	if secgroups := s.groupIDs(server); len(secgroups) > 0 {
		mine["security_groups"] = secgroups
	}
	id := uuid.NewString()
	_, err := s.port(id, server.Project, n, mine)
	return id, err
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

// soleNetwork returns the network that a server gets without a request.
func (s *Service) soleNetwork(project string, auto bool) (string, error) {
	for _, shared := range []bool{false, true} {
		for _, n := range s.o.Store.All(networks) {
			if resource.Bool(n, "shared") == shared && (shared || n["project_id"] == project) && !resource.Bool(n, "router:external") {
				return resource.Text(n, "id"), nil
			}
		}
	}
	if auto {
		return s.allocateTopology(project)
	}
	return "", nil
}

// allocateTopology returns the auto-allocated network of a project, and creates it if necessary.
func (s *Service) allocateTopology(project string) (string, error) {
	id := nameID(allocated, project)
	if s.o.Store.Get(networks, id) != nil {
		return id, nil
	}
	return id, s.seedNetwork(seed{name: "auto_allocated_network", id: id, project: project, cidr: "10.1.0.0/24"})
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

// AddAddress adds an address to the server's port on a network, or a new port if it has none
// there.
func (s *Service) AddAddress(server Server, network string) error {
	for _, p := range s.o.Store.Find(ports, "device_id", server.ID) {
		if p["network_id"] != network {
			continue
		}
		n := s.o.Store.Get(networks, network)
		all := s.o.Store.All(ports)
		_, err := s.o.Store.Update(ports, resource.Text(p, "id"), func(d resource.Doc) error {
			more, err := s.addresses(n, resource.Doc{}, resource.Text(d, "mac_address"), all)
			d["fixed_ips"] = append(append([]any{}, resource.List(d, "fixed_ips")...), more...)
			return err
		})
		return err
	}
	_, err := s.plug(server, Ask{Network: network})
	return err
}

// RemoveAddress removes an address from the ports of a server.
func (s *Service) RemoveAddress(server, address string) error {
	for _, p := range s.o.Store.Find(ports, "device_id", server) {
		if _, err := s.o.Store.Update(ports, resource.Text(p, "id"), func(d resource.Doc) error {
			kept := []any{}
			for _, ip := range resource.Docs(d, "fixed_ips") {
				if ip["ip_address"] != address {
					kept = append(kept, ip)
				}
			}
			d["fixed_ips"] = kept
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// VIFs returns the network info of a server in the form of its info cache.
func (s *Service) VIFs(server string) []resource.Doc {
	list := []resource.Doc{}
	for _, p := range s.o.Store.Find(ports, "device_id", server) {
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
		nets = append(nets, resource.Doc{"cidr": d["cidr"], "dns": dns, "gateway": endpoint(resource.Text(d, "gateway_ip"), "gateway"),
			"ips":    bySubnet[subnet],
			"routes": routes, "version": resource.Int(d, "ip_version"), "meta": resource.Doc{"enable_dhcp": d["enable_dhcp"]}})
	}
	return resource.Doc{"id": id, "address": p["mac_address"], "network": resource.Doc{"id": n["id"], "bridge": "br-int",
		"label": n["name"], "subnets": nets,
		"meta": resource.Doc{"injected": false, "tenant_id": n["project_id"], "mtu": resource.Int(n, "mtu"),
			"physical_network": n["provider:physical_network"], "tunneled": true}},
		"type": "ovs", "details": vifDetails, "devname": "tap" + id[:11], "ovs_interfaceid": id, "qbh_params": nil, "qbg_params": nil,
		"active":    p["status"] == "ACTIVE",
		"vnic_type": p["binding:vnic_type"], "profile": p["binding:profile"], "preserve_on_delete": resource.Bool(p, "_preserve"),
		"delegate_create": true, "meta": resource.Doc{}}
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
