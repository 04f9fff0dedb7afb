package network

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func (s *Service) newFloating(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	n := s.o.Store.Get(networks, resource.Text(body, "floating_network_id"))
	if n == nil {
		return nil, resource.Errorf(http.StatusNotFound, "NetworkNotFound", "Network %s could not be found.",
			resource.Text(body, "floating_network_id"))
	}
	if !resource.Bool(n, "router:external") {
		return nil, bad("Bad floatingip request: Network %s is not a valid external network.", n["id"])
	}
	mine := resource.Doc{"device_owner": "network:floatingip", "device_id": id, "security_groups": []any{}}
	if want := resource.Text(body, "floating_ip_address"); want != "" {
		mine["fixed_ips"] = []any{resource.Doc{"ip_address": want}}
	} else if subnet := resource.Text(body, "subnet_id"); subnet != "" {
		mine["fixed_ips"] = []any{resource.Doc{"subnet_id": subnet}}
	}
	if err := s.checkPolicy(r, body); err != nil {
		return nil, err
	}
	p, err := s.port(uuid.NewString(), "", n, mine)
	if err != nil {
		return nil, err
	}
	d := s.commonFields(id, r.Project(body), body)
	delete(d, "name")
	maps.Copy(d, map[string]any{"floating_network_id": n["id"], "floating_ip_address": resource.Docs(p, "fixed_ips")[0]["ip_address"],
		"_port":   p["id"],
		"port_id": nil, "fixed_ip_address": nil, "router_id": nil, "status": "DOWN", "port_details": nil, "dns_domain": "", "dns_name": "",
		"qos_policy_id": body["qos_policy_id"], "port_forwardings": []any{}})
	if err := s.changeFloating(d, body); err != nil {
		_, gone := s.o.Store.Delete(ports, resource.Text(p, "id"))
		return nil, errors.Join(err, gone)
	}
	return d, nil
}

// changeFloating associates a floating IP with a port, or disassociates it.
func (s *Service) changeFloating(d, body resource.Doc) error {
	id, given := body["port_id"]
	if !given {
		return nil
	}
	if len(resource.List(d, "port_forwardings")) > 0 {
		return resource.Errorf(http.StatusConflict, "FipInUseByPortForwarding", "Floating IP %s in use by Port Forwarding resources.", d["id"])
	}
	d["_port_before"] = d["port_id"]
	release(d)
	if id == nil || id == "" {
		body["port_id"] = nil
		return nil
	}
	p := s.o.Store.Get(ports, resource.Text(body, "port_id"))
	if p == nil {
		return resource.Errorf(http.StatusNotFound, "PortNotFound", "Port %s could not be found.", id)
	}
	fixed, subnet := fixedIPv4(p, resource.Text(body, "fixed_ip_address"))
	if fixed == "" {
		return bad("Cannot add floating IP to port %s that has no fixed IPv4 addresses.", id)
	}
	if s.hasFloating(d, id, fixed) {
		return resource.Errorf(http.StatusConflict, "FloatingIPPortAlreadyAssociated", "Cannot associate floating IP %s (%s) with port %s "+
			"using fixed IP %s, as that fixed IP already has a floating IP on external network %s.",
			d["floating_ip_address"], d["id"], id, fixed, d["floating_network_id"])
	}
	d["port_id"], d["fixed_ip_address"], d["status"], d["router_id"] = id, fixed, "ACTIVE", s.routerOf(subnet)
	details := resource.Doc{}
	for _, field := range []string{"name", "network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner"} {
		details[field] = p[field]
	}
	d["port_details"] = details
	body["fixed_ip_address"] = fixed
	return nil
}

// fixedIPv4 returns the address wanted of a port, or for "" its first IPv4 address, and the
// subnet of the address. The address is "" if there is none.
func fixedIPv4(port resource.Doc, wanted string) (address string, subnet any) {
	address = wanted
	for _, ip := range resource.Docs(port, "fixed_ips") {
		if a, err := netip.ParseAddr(resource.Text(ip, "ip_address")); err == nil && a.Is4() && address == "" {
			address = a.String()
		}
		if ip["ip_address"] == address {
			subnet = ip["subnet_id"]
		}
	}
	return address, subnet
}

// hasFloating tells whether a fixed IP of a port has another floating IP than d on the same
// network.
func (s *Service) hasFloating(d resource.Doc, port any, fixed string) bool {
	return slices.ContainsFunc(s.o.Store.Find(floating, "port_id", port), func(other resource.Doc) bool {
		return other["fixed_ip_address"] == fixed && other["id"] != d["id"] && other["floating_network_id"] == d["floating_network_id"]
	})
}

func release(d resource.Doc) {
	d["port_id"], d["fixed_ip_address"], d["router_id"], d["port_details"], d["status"] = nil, nil, nil, nil, "DOWN"
}

// routerOf returns the id of the router with an interface on a subnet, or nil.
func (s *Service) routerOf(subnet any) any {
	for _, p := range s.o.Store.Find(ports, "device_owner", routerInterface) {
		if hasAddress(p, []string{fmt.Sprintf("subnet_id=%s", subnet)}) {
			return p["device_id"]
		}
	}
	return nil
}

// releaseFloatingPort deletes the port of a deleted floating IP.
func (s *Service) releaseFloatingPort(d resource.Doc) error {
	if err := s.dropForwardings("_floatingip", d["id"]); err != nil {
		return err
	}
	_, err := s.o.Store.Delete(ports, resource.Text(d, "_port"))
	return err
}
