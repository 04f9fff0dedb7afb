package devcloud_test

import (
	"fmt"
	"strings"
	"testing"
)

// refused sends a request that Neutron refuses, and wants the type and words of its error.
func (n neutron) refused(method, path, body string, status int, says ...string) {
	n.Helper()
	_, text := send(n.T, n.cloud, n.token, method, v2+path, body, status)
	for _, want := range says {
		if !strings.Contains(string(text), want) {
			n.Errorf("%s %s %s: no %q in %s", method, path, body, want, text)
		}
	}
}

// TestSubnetPools has the results of Neutron 29 for the same requests.
func TestSubnetPools(t *testing.T) {
	t.Parallel()
	n := network(t)
	scope := n.make("address_scope", `{"name": "s", "ip_version": 4}`)["id"]
	pool := n.make("subnetpool", fmt.Sprintf(`{"name": "p", "prefixes": ["10.100.0.0/24"], "default_prefixlen": 26, "address_scope_id": %q}`, scope))
	path := fmt.Sprintf("/subnetpools/%s", pool["id"])
	if pool["min_prefixlen"] != 8. || pool["max_prefixlen"] != 32. || pool["ip_version"] != 4. {
		t.Errorf("%v", pool)
	}
	for body, says := range map[string]string{
		`{"prefixes": ["10.0.0.0/24", "10.0.0.0/24"]}`: "Duplicate items in the list: '10.0.0.0/24'.",
		`{"prefixes": []}`: "EmptySubnetPoolPrefixList",
		`{}`:               "Required attribute 'prefixes' not specified",
		`{"prefixes": ["10.0.0.0/24"], "min_prefixlen": 28, "max_prefixlen": "26"}`: "Illegal prefix bounds: min_prefixlen=28, max_prefixlen=26.",
		`{"prefixes": ["10/24"]}`: "'10/24' is not a valid IP subnet",
	} {
		n.refused("POST", "/subnetpools", `{"subnetpool": `+body+`}`, 400, says)
	}
	n.refused("POST", "/subnetpools", fmt.Sprintf(`{"subnetpool": {"prefixes": ["10.100.0.128/25"], "address_scope_id": %q}}`, scope), 409,
		"AddressScopePrefixConflict")
	n.refused("POST", "/subnetpools", `{"subnetpool": {"prefixes": ["10.0.0.0/24"], "shared": true}}`, 403, "create_subnetpool:shared")
	n.refused("PUT", path, `{"subnetpool": {"prefixes": ["10.100.1.0/24"]}}`, 400, "IllegalSubnetPoolPrefixUpdate")
	wider := onlyOne(t, n.do("PUT", path, `{"subnetpool": {"prefixes": ["10.100.1.0/24", "10.100.0.0/24"]}}`, 200), "subnetpool")
	if fmt.Sprint(wider["prefixes"]) != "[10.100.0.0/23]" {
		t.Errorf("%v", wider)
	}

	net := n.make("network", `{"name": "n"}`)["id"]
	subnet := func(more string) string {
		return fmt.Sprintf(`{"network_id": %q, "ip_version": 4, %s}`, net, more)
	}
	from := fmt.Sprintf(`"subnetpool_id": %q`, pool["id"])
	for _, s := range []struct{ more, cidr, gateway string }{
		{`, "prefixlen": 28`, "10.100.0.0/28", "10.100.0.1"}, {"", "10.100.0.64/26", "10.100.0.65"}, {`, "prefixlen": "24"`, "10.100.1.0/24", "10.100.1.1"},
		{`, "cidr": "10.100.0.32/28"`, "10.100.0.32/28", "10.100.0.33"},
	} {
		if got := n.make("subnet", subnet(from+s.more)); got["cidr"] != s.cidr || got["gateway_ip"] != s.gateway || got["subnetpool_id"] != pool["id"] {
			t.Errorf("%s: %v", s.more, got)
		}
	}
	for _, bad := range []struct {
		more   string
		status int
		says   string
	}{
		{from + `, "cidr": "10.100.0.0/26"`, 500, "Cannot allocate requested subnet from the available set of prefixes."},
		{from + `, "prefixlen": 23`, 500, "Insufficient prefix space to allocate subnet size /23."},
		{from + `, "prefixlen": 4`, 400, "Unable to allocate subnet with prefix length 4, minimum allowed prefix is 8."},
		{from + `, "ip_version": 6`, 400, "Cannot allocate IPv6 subnet from IPv4 subnet pool."},
		{`"use_default_subnetpool": true`, 400, "No default subnetpool found for IPv4."},
		{`"name": "none"`, 400, "a subnetpool must be specified in the absence of a cidr."},
		{`"subnetpool_id": "11111111-1111-1111-1111-111111111111"`, 404, "Subnet pool 11111111-1111-1111-1111-111111111111 could not be found."},
	} {
		n.refused("POST", "/subnets", `{"subnet": `+subnet(bad.more)+`}`, bad.status, bad.says)
	}
	if shown := onlyOne(t, n.do("GET", fmt.Sprintf("/networks/%s", net), "", 200), "network"); shown["ipv4_address_scope"] != scope {
		t.Errorf("%v", shown)
	}
	n.refused("DELETE", path, "", 400, "Subnet pool has existing allocations.")
	n.refused("DELETE", fmt.Sprintf("/address-scopes/%s", scope), "", 409, "AddressScopeInUse")
	n.do("PUT", path+"/tags/blue", "", 201)
	n.do("DELETE", fmt.Sprintf("/networks/%s", net), "", 204)
	n.do("DELETE", path, "", 204)
	n.do("DELETE", fmt.Sprintf("/address-scopes/%s", scope), "", 204)

	admin := neutron{t, n.cloud, logIn(t, n.cloud, "admin", "secret", "admin", 201)}
	admin.make("subnetpool", `{"prefixes": ["10.7.0.0/16"], "default_prefixlen": 24, "is_default": true, "shared": true}`)
	admin.refused("POST", "/subnetpools", `{"subnetpool": {"prefixes": ["10.8.0.0/16"], "is_default": true}}`, 400, "Only one default may exist")
	net = n.make("network", `{"name": "n"}`)["id"]
	if got := n.make("subnet", subnet(`"use_default_subnetpool": true`)); got["cidr"] != "10.7.0.0/24" {
		t.Errorf("%v", got)
	}
}

// TestTrunks has the results of Neutron 29 for the same requests.
func TestTrunks(t *testing.T) {
	t.Parallel()
	n := network(t)
	on := fmt.Sprintf(`{"network_id": %q}`, n.named("private"))
	parent, sub, other := n.make("port", on)["id"], n.make("port", on), n.make("port", on)["id"]
	trunk := n.make("trunk", fmt.Sprintf(`{"port_id": %q, "name": "t"}`, parent))
	path := fmt.Sprintf("/trunks/%s", trunk["id"])
	ports := func(port any, more string) string {
		return fmt.Sprintf(`{"sub_ports": [{"port_id": %q%s}]}`, port, more)
	}
	const vlan = `, "segmentation_type": "vlan", "segmentation_id": 111`
	n.do("PUT", path+"/add_subports", ports(sub["id"], vlan), 200)
	for _, bad := range []struct {
		body   string
		status int
		says   string
	}{
		{ports(other, vlan), 409, "segmentation_type vlan and segmentation_id 111 already in use on trunk"},
		{ports(sub["id"], `, "segmentation_type": "vlan", "segmentation_id": 112`), 409, "TrunkPortInUse"},
		{ports(parent, `, "segmentation_type": "vlan", "segmentation_id": 112`), 409, "ParentPortInUse"},
		{ports("11111111-1111-1111-1111-111111111111", vlan), 404, "PortNotFound"},
		{ports(other, `, "segmentation_type": "vxlan", "segmentation_id": 1`), 400, "Unknown segmentation_type 'vxlan'."},
		{ports(other, `, "segmentation_type": "vlan"`), 400, "Must specify both segmentation_id and segmentation_type."},
	} {
		n.refused("PUT", path+"/add_subports", bad.body, bad.status, bad.says)
	}
	n.refused("POST", "/trunks", fmt.Sprintf(`{"trunk": {"port_id": %q}}`, parent), 409, "ParentPortInUse")
	n.refused("POST", "/trunks", fmt.Sprintf(`{"trunk": {"port_id": %q}}`, sub["id"]), 409, "TrunkPortInUse")
	n.refused("PUT", path, fmt.Sprintf(`{"trunk": {"port_id": %q}}`, other), 400, "read-only attribute port_id")
	if got := fmt.Sprint(n.do("GET", path+"/get_subports", "", 200)); got != fmt.Sprintf("map[sub_ports:[map[port_id:%s segmentation_id:111 segmentation_type:vlan]]]", sub["id"]) {
		t.Error(got)
	}
	shown := onlyOne(t, n.do("GET", fmt.Sprintf("/ports/%s", parent), "", 200), "port")
	if want := fmt.Sprintf("map[sub_ports:[map[mac_address:%s port_id:%s segmentation_id:111 segmentation_type:vlan]] trunk_id:%s]",
		sub["mac_address"], sub["id"], trunk["id"]); fmt.Sprint(shown["trunk_details"]) != want {
		t.Errorf("%v, not %s", shown["trunk_details"], want)
	}
	n.refused("DELETE", fmt.Sprintf("/ports/%s", parent), "", 409, "PortInUseAsTrunkParent")
	n.refused("DELETE", fmt.Sprintf("/ports/%s", sub["id"]), "", 409, "PortInUseAsSubPort")
	n.do("PUT", path+"/remove_subports", ports(sub["id"], ""), 200)
	n.refused("PUT", path+"/remove_subports", ports(sub["id"], ""), 404, "SubPortNotFound")
	n.do("DELETE", path, "", 204)
	if shown := onlyOne(t, n.do("GET", fmt.Sprintf("/ports/%s", parent), "", 200), "port"); shown["trunk_details"] != nil {
		t.Errorf("%v", shown)
	}
	n.do("DELETE", fmt.Sprintf("/ports/%s", parent), "", 204)
	n.refused("GET", path, "", 404, "TrunkNotFound")
}

// TestAddressGroups has the results of Neutron 29 for the same requests.
func TestAddressGroups(t *testing.T) {
	t.Parallel()
	n := network(t)
	group := n.make("address_group", `{"name": "g", "addresses": ["10.0.0.1", "10.1.0.0/24"]}`)
	path := fmt.Sprintf("/address-groups/%s", group["id"])
	n.refused("PUT", path+"/add_addresses", `{"addresses": ["10.0.0.1/32", "10.2.0.0/24"]}`, 400, "Addresses ['10.0.0.1/32'] already exist")
	n.refused("PUT", path+"/remove_addresses", `{"addresses": ["10.9.0.0/24"]}`, 404, "Addresses ['10.9.0.0/24'] not found")
	n.refused("PUT", path, `{"address_group": {"addresses": []}}`, 400, "Cannot update read-only attribute addresses")
	got := onlyOne(t, n.do("PUT", path+"/add_addresses", `{"addresses": ["fe80::/10"]}`, 200), "address_group")
	if fmt.Sprint(got["addresses"]) != "[10.0.0.1/32 10.1.0.0/24 fe80::/10]" {
		t.Errorf("%v", got)
	}
	secgroup := n.make("security_group", `{"name": "s"}`)["id"]
	n.make("security_group_rule", fmt.Sprintf(`{"security_group_id": %q, "direction": "ingress", "remote_address_group_id": %q}`, secgroup, group["id"]))
	n.refused("DELETE", path, "", 409, "AddressGroupInUse")
	n.do("DELETE", fmt.Sprintf("/security-groups/%s", secgroup), "", 204)
	n.do("DELETE", path, "", 204)
	n.refused("GET", path, "", 404, "Address group")
}

// TestSmallNetworkAPIs covers what clients look for before they use the other APIs.
func TestSmallNetworkAPIs(t *testing.T) {
	t.Parallel()
	n := network(t)
	if got := fmt.Sprint(n.do("GET", "/service-providers?service_type=VPN", "", 200)); got != "map[service_providers:[]]" {
		t.Error(got)
	}
	if got := onlyOne(t, n.do("GET", "/extensions/external-net", "", 200), "extension"); got["name"] != "Neutron external network" {
		t.Errorf("%v", got)
	}
	admin := neutron{t, n.cloud, logIn(t, n.cloud, "admin", "secret", "admin", 201)}
	flat := `{"name": "f", "provider:network_type": "flat", "provider:physical_network": "physnet"}`
	if got := admin.make("network", flat); got["provider:segmentation_id"] != nil {
		t.Errorf("%v", got)
	}
	admin.refused("POST", "/networks", `{"network": `+flat+`}`, 409, "Physical network physnet is in use.")
	project := projectOf(t, n.cloud.URL, n.token)
	topology := onlyOne(t, n.do("GET", "/auto-allocated-topology/"+project, "", 200), "auto_allocated_topology")
	n.do("DELETE", "/auto-allocated-topology/"+project, "", 204)
	n.do("GET", fmt.Sprintf("/networks/%s", topology["id"]), "", 404)
}
