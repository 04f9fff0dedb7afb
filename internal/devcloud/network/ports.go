package network

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

func (s *Service) newPort(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	n := s.o.Store.Get(networks, resource.Text(body, "network_id"))
	if n == nil {
		return nil, resource.Errorf(http.StatusNotFound, "NetworkNotFound", "Network %s could not be found.", resource.Text(body, "network_id"))
	}
	if err := mayCreatePort(r.Caller, n, body); err != nil {
		return nil, err
	}
	if err := s.checkPolicy(r, body); err != nil {
		return nil, err
	}
	return s.port(id, r.Project(body), n, body)
}

// mayCreatePort applies Neutron's default policy: members create ports on networks of their
// project and on shared ones, and choose addresses and MAC addresses only on the former.
func mayCreatePort(caller *resource.Caller, network, body resource.Doc) error {
	if caller.Can(resource.Text(network, "project_id")) {
		return nil
	}
	if !sharedWith(network, caller.ProjectID) && !resource.Bool(network, "router:external") {
		return resource.Errorf(http.StatusNotFound, "NetworkNotFound", "Network %s could not be found.", network["id"])
	}
	chosen := slices.ContainsFunc(resource.Docs(body, "fixed_ips"), func(ip resource.Doc) bool { return ip["ip_address"] != nil })
	if sharedWith(network, caller.ProjectID) && body["mac_address"] == nil && !chosen {
		return nil
	}
	// Neutron names the rules of all attributes in the request.
	rule := "rule:create_port"
	for _, attribute := range []string{"mac_address", "fixed_ips", "device_id"} {
		sub := ""
		switch {
		case body[attribute] == nil:
			continue
		case attribute == "fixed_ips" && chosen:
			sub = "(rule:create_port:fixed_ips and (rule:create_port:fixed_ips:ip_address))"
		default:
			sub = "rule:create_port:" + attribute
		}
		rule = "(" + rule + " and " + sub + ")"
	}
	return resource.Errorf(http.StatusForbidden, "PolicyNotAuthorized", "%s is disallowed by policy", rule)
}

// port creates and stores a port of a network with unused addresses.
func (s *Service) port(id, project string, network, body resource.Doc) (resource.Doc, error) {
	d := s.commonFields(id, project, body)
	secgroups := resource.List(body, "security_groups")
	if _, given := body["security_groups"]; !given {
		secgroups = []any{s.defaultGroup(project)}
	}
	mac := resource.Text(body, "mac_address")
	if mac == "" {
		mac = newMAC()
	}
	for field, value := range map[string]any{"admin_state_up": true, "device_id": "", "device_owner": "", "binding:vnic_type": "normal",
		"binding:profile": resource.Doc{},
		"binding:host_id": "", "port_security_enabled": true, "allowed_address_pairs": []any{}} {
		d[field] = resource.Or(body, field, value)
	}
	maps.Copy(d, map[string]any{"network_id": network["id"], "mac_address": mac, "status": "DOWN", "security_groups": secgroups,
		"ip_allocation": "immediate",
		"qos_policy_id": body["qos_policy_id"], "qos_network_policy_id": network["qos_policy_id"], "resource_request": nil,
		"propagate_uplink_status": false})
	bindPort(d)
	pairs(d, body)
	d["extra_dhcp_opts"] = dhcpOptions(nil, resource.Docs(body, "extra_dhcp_opts"))
	return s.o.Store.Create(ports, id, func(all []resource.Doc) (resource.Doc, error) {
		taken := func() bool {
			return slices.ContainsFunc(all, func(p resource.Doc) bool { return p["network_id"] == network["id"] && p["mac_address"] == mac })
		}
		for resource.Text(body, "mac_address") == "" && taken() { // random MAC addresses of many ports can collide
			mac = newMAC()
			d["mac_address"] = mac
		}
		if taken() {
			return nil, resource.Errorf(http.StatusConflict, "MacAddressInUse",
				"Unable to complete operation for network %s. The mac address %s is in use.", network["id"], mac)
		}
		ips, err := s.addresses(network, body, mac, all)
		d["fixed_ips"] = ips
		return d, err
	})
}

// bindPort sets the fields that depend on the binding of a port to a host.
func bindPort(d resource.Doc) {
	if resource.Text(d, "binding:host_id") == "" {
		d["binding:vif_type"], d["binding:vif_details"], d["status"] = "unbound", resource.Doc{}, "DOWN"
		return
	}
	d["binding:vif_type"] = "ovs"
	d["binding:vif_details"] = vifDetails
	d["status"] = "ACTIVE"
}

// vifDetails is shared by all bound ports, because documents are never modified.
var vifDetails = resource.Doc{"connectivity": "l2", "port_filter": true, "ovs_hybrid_plug": nil, "ovs_create_tap": true,
	"datapath_type": "system", "bridge_name": "br-int",
	"bound_drivers": resource.Doc{"0": "openvswitch"}}

func newMAC() string {
	b := make([]byte, 3)
	_, _ = rand.Read(b)
	return fmt.Sprintf("fa:16:3e:%02x:%02x:%02x", b[0], b[1], b[2])
}

// addresses returns the fixed IPs of a new port: the requested ones, or one for each IP version.
// SLAAC addresses are derived from the MAC address.
func (s *Service) addresses(network, body resource.Doc, mac string, all []resource.Doc) ([]any, error) {
	taken := map[string]bool{}
	for _, p := range all {
		if p["network_id"] == network["id"] {
			for _, ip := range resource.Docs(p, "fixed_ips") {
				taken[resource.Text(ip, "ip_address")] = true
			}
		}
	}
	var nets []resource.Doc
	for _, id := range resource.Strings(network, "subnets") {
		if n := s.o.Store.Get(subnets, id); n != nil {
			nets = append(nets, n)
		}
	}
	wanted := resource.Docs(body, "fixed_ips")
	if _, given := body["fixed_ips"]; !given {
		versions := map[int64]bool{}
		for _, n := range nets {
			if v := resource.Int(n, "ip_version"); !versions[v] {
				versions[v] = true
				wanted = append(wanted, resource.Doc{"subnet_id": n["id"]})
			}
		}
	}
	out := []any{}
	for _, w := range wanted {
		ip, err := address(network, nets, w, mac, taken)
		if err != nil {
			return nil, err
		}
		taken[resource.Text(ip, "ip_address")] = true
		out = append(out, ip)
	}
	slices.SortFunc(out, func(a, b any) int { // Neutron sorts the text
		return strings.Compare(resource.Text(a.(resource.Doc), "ip_address"), resource.Text(b.(resource.Doc), "ip_address"))
	})
	return out, nil
}

// address returns a fixed IP for the request w, which has an address, a subnet, or neither.
func address(network resource.Doc, nets []resource.Doc, w resource.Doc, mac string, taken map[string]bool) (resource.Doc, error) {
	if given := resource.Text(w, "ip_address"); given != "" {
		return givenAddress(nets, given, taken)
	}
	for _, n := range nets {
		if w["subnet_id"] != nil && n["id"] != w["subnet_id"] {
			continue
		}
		if mode := resource.Text(n, "ipv6_address_mode"); mode == "slaac" || mode == "dhcpv6-stateless" {
			if a, err := eui64(resource.Text(n, "cidr"), mac); err == nil {
				return fixedIP(n, a), nil
			}
		}
		if a := freeAddress(n, taken); a.IsValid() {
			return fixedIP(n, a), nil
		}
	}
	return nil, resource.Errorf(http.StatusConflict, "IpAddressGenerationFailure", "No more IP addresses available on network %s.",
		network["id"])
}

// fixedIP returns an address of a subnet in the form of ports.
func fixedIP(subnet resource.Doc, a netip.Addr) resource.Doc {
	return resource.Doc{"subnet_id": subnet["id"], "ip_address": a.String()}
}

// givenAddress returns the fixed IP with a requested address, which must be unused and in one of
// the subnets.
func givenAddress(nets []resource.Doc, given string, taken map[string]bool) (resource.Doc, error) {
	a, err := netip.ParseAddr(given)
	if err != nil {
		return nil, bad("Invalid input for fixed_ips. Reason: '%s' is not a valid IP address.", given)
	}
	for _, n := range nets {
		if !inSubnet(n, a) {
			continue
		}
		if taken[a.String()] {
			return nil, resource.Errorf(http.StatusConflict, "IpAddressAlreadyAllocated", "IP address %s already allocated in subnet %s", a, n["id"])
		}
		return fixedIP(n, a), nil
	}
	return nil, resource.Errorf(http.StatusBadRequest, "InvalidIpForNetwork",
		"IP address %s is not a valid IP for any of the subnets on the specified network.", given)
}

// freeAddress returns the first unused address of the allocation pools of a subnet, or the zero
// Addr.
func freeAddress(subnet resource.Doc, taken map[string]bool) netip.Addr {
	for _, pool := range resource.Docs(subnet, "allocation_pools") {
		a, err := netip.ParseAddr(resource.Text(pool, "start"))
		end, err2 := netip.ParseAddr(resource.Text(pool, "end"))
		for ; err == nil && err2 == nil && a.Compare(end) <= 0; a = a.Next() {
			if !taken[a.String()] {
				return a
			}
		}
	}
	return netip.Addr{}
}

// eui64 returns the address in a /64 network that is derived from a MAC address.
func eui64(cidr, mac string) (netip.Addr, error) {
	p, err := netip.ParsePrefix(cidr)
	if err != nil {
		return netip.Addr{}, err
	}
	m, err := net.ParseMAC(mac)
	if err != nil {
		return netip.Addr{}, err
	}
	if len(m) != 6 || p.Bits() > 64 || !p.Addr().Is6() {
		return netip.Addr{}, fmt.Errorf("%s has no address of %s", cidr, mac)
	}
	b := p.Masked().Addr().As16()
	copy(b[8:], []byte{m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]})
	return netip.AddrFrom16(b), nil
}

// changePort completes a PUT with a binding to a host or with new fixed IPs.
func (s *Service) changePort(d, body resource.Doc) error {
	if host, given := body["binding:host_id"]; given {
		d["binding:host_id"] = resource.Or(resource.Doc{"h": host}, "h", "")
		bindPort(d)
	}
	if profile, given := body["binding:profile"]; given && profile == nil {
		body["binding:profile"] = resource.Doc{}
	}
	pairs(d, body)
	if body["extra_dhcp_opts"] != nil {
		body["extra_dhcp_opts"] = dhcpOptions(resource.Docs(d, "extra_dhcp_opts"), resource.Docs(body, "extra_dhcp_opts"))
	}
	if err := s.checkPolicy(nil, body); err != nil {
		return err
	}
	given := resource.Strings(body, "security_groups")
	for n, id := range given {
		if slices.Contains(given[:n], id) {
			return bad("Invalid input for security_groups. Reason: Duplicate items in the list: '%s'.", id)
		}
	}
	if _, given := body["fixed_ips"]; !given {
		return nil
	}
	var others []resource.Doc
	for _, p := range s.o.Store.Find(ports, "network_id", d["network_id"]) {
		if p["id"] != d["id"] {
			others = append(others, p)
		}
	}
	// A subnet without an address keeps the address of the port in this subnet.
	var wanted []any
	old := resource.Docs(d, "fixed_ips")
	for _, w := range resource.Docs(body, "fixed_ips") {
		if n := slices.IndexFunc(old, func(ip resource.Doc) bool { return ip["subnet_id"] == w["subnet_id"] }); n >= 0 && resource.Text(w,
			"ip_address") == "" {
			w, old = old[n], slices.Delete(slices.Clone(old), n, n+1)
		}
		wanted = append(wanted, w)
	}
	ips, err := s.addresses(s.o.Store.Get(networks, resource.Text(d, "network_id")), resource.Doc{"fixed_ips": wanted},
		resource.Text(d, "mac_address"), others)
	body["fixed_ips"] = ips
	return err
}

// dhcpOptions returns the extra DHCP options of a port after a request: options with the same name
// and IP version are replaced, and those without a value are removed.
func dhcpOptions(old, given []resource.Doc) []any {
	list := slices.Clone(old)
	for _, o := range given {
		o = resource.Doc{"opt_name": o["opt_name"], "opt_value": o["opt_value"], "ip_version": resource.Or(o, "ip_version", 4)}
		at := slices.IndexFunc(list, func(d resource.Doc) bool {
			return d["opt_name"] == o["opt_name"] && resource.Int(d, "ip_version") == resource.Int(o, "ip_version")
		})
		switch {
		case at < 0 && o["opt_value"] != nil:
			list = append(list, o)
		case at >= 0 && o["opt_value"] == nil:
			list = slices.Delete(list, at, at+1)
		case at >= 0:
			list[at] = o
		}
	}
	return resource.Anys(list)
}

// pairs completes the allowed address pairs of a request. The default MAC address is that of the
// port.
func pairs(d, body resource.Doc) {
	if body["allowed_address_pairs"] == nil {
		return
	}
	list := []any{}
	for _, pair := range resource.Docs(body, "allowed_address_pairs") {
		list = append(list, resource.Doc{"ip_address": pair["ip_address"], "mac_address": resource.Or(pair, "mac_address", d["mac_address"])})
	}
	body["allowed_address_pairs"], d["allowed_address_pairs"] = list, list
}

// hasAddress is the filter fixed_ips: "ip_address=A", "ip_address_substr=A", "subnet_id=ID".
func hasAddress(d resource.Doc, values []string) bool {
	for _, v := range values {
		key, want, _ := strings.Cut(v, "=")
		if !slices.ContainsFunc(resource.Docs(d, "fixed_ips"), func(ip resource.Doc) bool {
			if key == "ip_address_substr" {
				return strings.Contains(resource.Text(ip, "ip_address"), want)
			}
			return resource.Text(ip, key) == want
		}) {
			return false
		}
	}
	return true
}

func inGroup(d resource.Doc, values []string) bool {
	return slices.ContainsFunc(resource.Strings(d, "security_groups"), func(g string) bool { return slices.Contains(values, g) })
}
