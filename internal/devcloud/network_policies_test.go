package devcloud_test

import (
	"fmt"
	"strings"
	"testing"
)

// administrator returns the same network service with the token of an administrator.
func (n neutron) administrator() neutron {
	n.Helper()
	return neutron{n.T, n.cloud, logIn(n.T, n.cloud, "admin", "secret", "admin", 201)}
}

// TestQoSPolicies has the results of Neutron 29 for the same requests.
func TestQoSPolicies(t *testing.T) {
	t.Parallel()
	user := network(t)
	n := user.administrator()
	policy := onlyOne(t, n.do("POST", "/qos/policies", `{"policy": {"name": "p", "shared": true}}`, 201), "policy")
	path := fmt.Sprintf("/qos/policies/%s", policy["id"])
	rule := onlyOne(t, n.do("POST", path+"/bandwidth_limit_rules", `{"bandwidth_limit_rule": {"max_kbps": 3000}}`, 201),
		"bandwidth_limit_rule")
	if rule["max_burst_kbps"] != 0. || rule["direction"] != "egress" || rule["type"] != nil {
		t.Errorf("%v", rule)
	}
	for _, bad := range []struct {
		kind, body string
		status     int
		says       string
	}{
		{"bandwidth_limit", `{"max_kbps": 3000}`, 409, "QoSRulesConflict"},
		{"bandwidth_limit", `{"max_kbps": -5}`, 400, "'-5' is too small - must be at least '0'."},
		{"bandwidth_limit", `{"max_burst_kbps": 5}`, 400, "Required attribute 'max_kbps' not specified"},
		{"dscp_marking", `{"dscp_mark": 27}`, 400, "Invalid input for dscp_mark. Reason: 27 is not in valid_values."},
		{"minimum_bandwidth", `{"min_kbps": 1, "direction": "any"}`, 400, "Invalid input for direction. Reason: any is not in valid_values."},
	} {
		n.refused("POST", path+"/"+bad.kind+"_rules", fmt.Sprintf(`{"%s_rule": %s}`, bad.kind, bad.body), bad.status, bad.says)
	}
	n.do("POST", path+"/dscp_marking_rules", `{"dscp_marking_rule": {"dscp_mark": 26}}`, 201)
	n.do("POST", path+"/minimum_packet_rate_rules", `{"minimum_packet_rate_rule": {"min_kpps": 1, "direction": "any"}}`, 201)
	one := fmt.Sprintf("/bandwidth_limit_rules/%s", rule["id"])
	changed := n.do("PUT", path+one, `{"bandwidth_limit_rule": {"direction": "ingress"}}`, 200)
	if got := onlyOne(t, changed, "bandwidth_limit_rule"); got["direction"] != "ingress" || got["max_kbps"] != 3000. {
		t.Errorf("%v", got)
	}
	alias := n.do("GET", "/qos/alias"+strings.Replace(one, "/", "_", 1), "", 200)
	if got := onlyOne(t, alias, "alias_bandwidth_limit_rule"); got["id"] != rule["id"] {
		t.Errorf("%v", got)
	}
	if rules := onlyOne(t, n.do("GET", path, "", 200), "policy")["rules"].([]any); len(rules) != 3 {
		t.Errorf("%v", rules)
	}
	for _, of := range []string{path, strings.TrimPrefix(path, "/qos")} {
		n.do("PUT", of+"/tags", `{"tags": ["a"]}`, 200)
	}
	n.refused("GET", path+"/dscp_marking_rules/"+fmt.Sprint(rule["id"]), "", 404, "QosRuleNotFound")
	user.refused("POST", "/qos/policies", `{"policy": {"name": "p"}}`, 403, "rule:create_policy is disallowed by policy")

	net := user.make("network", fmt.Sprintf(`{"name": "n", "qos_policy_id": %q}`, policy["id"]))
	port := user.make("port", fmt.Sprintf(`{"network_id": %q}`, net["id"]))
	if port["qos_network_policy_id"] != policy["id"] || port["qos_policy_id"] != nil {
		t.Errorf("%v", port)
	}
	user.refused("POST", "/networks", `{"network": {"qos_policy_id": "11111111-1111-1111-1111-111111111111"}}`, 404,
		"QoS policy 11111111-1111-1111-1111-111111111111 could not be found.")
	n.refused("DELETE", path, "", 409, fmt.Sprintf("QoS Policy %s is used by network %s.", policy["id"], net["id"]))
	user.do("PUT", fmt.Sprintf("/networks/%s", net["id"]), `{"network": {"qos_policy_id": null}}`, 200)
	shown := onlyOne(t, user.do("GET", fmt.Sprintf("/ports/%s", port["id"]), "", 200), "port")
	if shown["qos_network_policy_id"] != nil {
		t.Errorf("%v", shown)
	}
	n.do("DELETE", path+one, "", 204)
	n.do("DELETE", path, "", 204)
}

// TestRBACPolicies has the results of Neutron 29 for the same requests.
func TestRBACPolicies(t *testing.T) {
	t.Parallel()
	user := network(t)
	n := user.administrator()
	net := n.make("network", `{"name": "n"}`)
	n.make("subnet", fmt.Sprintf(`{"network_id": %q, "cidr": "10.9.0.0/24", "ip_version": 4}`, net["id"]))
	path := fmt.Sprintf("/networks/%s", net["id"])
	user.refused("GET", path, "", 404)
	demo := user.make("network", `{"name": "own"}`)["project_id"]
	policy := func(object, action, target any) string {
		return fmt.Sprintf(`{"rbac_policy": {"object_type": %q, "object_id": %q, "action": %q, "target_tenant": %q}}`, object,
			net["id"], action, target)
	}
	made := onlyOne(t, n.do("POST", "/rbac-policies", policy("network", "access_as_shared", demo), 201), "rbac_policy")
	for _, bad := range []struct {
		body   string
		status int
		says   string
	}{
		{policy("network", "access_as_shared", demo), 409, "An RBAC policy already exists with those values."},
		{policy("network", "foo", demo), 400,
			"Invalid action 'foo' for object type 'network'. Valid actions: ('access_as_shared', 'access_as_external')"},
		{policy("router", "access_as_shared", demo), 400, "'router' is not a valid RBAC object type."},
		{policy("network", "access_as_shared", "abc"), 400, "'abc' is not a valid target project ID; expected a UUID or '*'."},
	} {
		n.refused("POST", "/rbac-policies", bad.body, bad.status, bad.says)
	}
	if got := onlyOne(t, user.do("GET", path, "", 200), "network"); got["shared"] != true {
		t.Errorf("%v", got)
	}
	if got := onlyOne(t, n.do("GET", path, "", 200), "network"); got["shared"] != false {
		t.Errorf("%v", got)
	}
	if list := user.do("GET", fmt.Sprintf("/subnets?network_id=%s", net["id"]), "", 200)["subnets"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	server := user.server(fmt.Sprint(net["id"]))
	if text := user.addresses(server); !strings.Contains(text, "10.9.0.") {
		t.Errorf("%s", text)
	}
	as(t, user.cloud, user.token, "DELETE", "/v2.1/servers/"+server, "", 204)
	user.cloud.Settle()
	one := fmt.Sprintf("/rbac-policies/%s", made["id"])
	n.refused("PUT", one, `{"rbac_policy": {"action": "access_as_external"}}`, 400, "Cannot update read-only attribute action")
	n.do("PUT", one, `{"rbac_policy": {"target_tenant": "*"}}`, 200)
	if got := onlyOne(t, n.do("GET", path, "", 200), "network"); got["shared"] != true {
		t.Errorf("%v", got)
	}
	n.do("DELETE", one, "", 204)
	user.refused("GET", path, "", 404)
	n.do("POST", "/rbac-policies", policy("network", "access_as_external", "*"), 201)
	if got := onlyOne(t, user.do("GET", path, "", 200), "network"); got["router:external"] != true {
		t.Errorf("%v", got)
	}
	n.do("DELETE", path, "", 204)
	if list := n.do("GET", "/rbac-policies", "", 200)["rbac_policies"].([]any); len(list) != 0 {
		t.Errorf("%v", list)
	}
}

// TestSegments has the results of Neutron 29 for the same requests.
func TestSegments(t *testing.T) {
	t.Parallel()
	n := network(t).administrator()
	net := n.make("network", `{"name": "n", "segments": [{"provider:network_type": "vxlan"}, {"provider:network_type": "vxlan"}]}`)
	if _, single := net["provider:network_type"]; single || len(net["segments"].([]any)) != 2 {
		t.Errorf("%v", net)
	}
	of := fmt.Sprintf("/segments?network_id=%s", net["id"])
	all := ids(n.do("GET", of, "", 200), "segments")
	made := n.make("segment", fmt.Sprintf(`{"network_id": %q, "network_type": "vxlan", "name": "s"}`, net["id"]))
	if made["segmentation_id"] == nil || made["physical_network"] != nil {
		t.Errorf("%v", made)
	}
	n.refused("POST", "/segments", fmt.Sprintf(`{"segment": {"network_id": %q}}`, net["id"]), 400,
		"Required attribute 'network_type' not specified")
	n.refused("POST", "/segments", fmt.Sprintf(`{"segment": {"network_id": %q, "network_type": "flat", "physical_network": "public"}}`,
		net["id"]), 409, "Physical network public is in use.")
	n.refused("POST", "/networks", `{"network": {"provider:network_type": "vxlan", "segments": [{"provider:network_type": "vxlan"}]}}`, 400,
		"Segments and provider values cannot both be set.")
	before := len(ids(n.do("GET", "/segments", "", 200), "segments"))
	n.refused("POST", "/networks", `{"network": {"segments": [{"provider:network_type": "vxlan"},
		{"provider:network_type": "flat", "provider:physical_network": "public"}]}}`, 409, "Physical network public is in use.")
	if after := len(ids(n.do("GET", "/segments", "", 200), "segments")); after != before {
		t.Errorf("%d segments before a refused network, %d after it", before, after)
	}
	n.do("DELETE", fmt.Sprintf("/segments/%s", made["id"]), "", 204)
	n.do("DELETE", "/segments/"+all[0], "", 204)
	got := onlyOne(t, n.do("GET", fmt.Sprintf("/networks/%s", net["id"]), "", 200), "network")
	if got["provider:network_type"] != "vxlan" || got["segments"] != nil {
		t.Errorf("%v", got)
	}
	n.do("DELETE", fmt.Sprintf("/networks/%s", net["id"]), "", 204)
	if left := n.do("GET", of, "", 200)["segments"].([]any); len(left) != 0 {
		t.Errorf("%v", left)
	}
}

// TestGivenAttributes has the results of Neutron 29 for attributes that requests may give.
func TestGivenAttributes(t *testing.T) {
	t.Parallel()
	n := network(t)
	if got := n.make("security_group", `{"name": "g", "stateful": false}`); got["stateful"] != false {
		t.Errorf("%v", got)
	}
	if list := n.do("GET", "/security-groups?stateful=false", "", 200)["security_groups"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	net := n.make("network", `{"name": "n"}`)["id"]
	for cidr, want := range map[string]string{
		`"fd00:1::5/128", "gateway_ip": null`:         "[map[end:fd00:1::5 start:fd00:1::5]]",
		`"fd00:3::/64"`:                               "[map[end:fd00:3::ffff:ffff:ffff:ffff start:fd00:3::1]]",
		`"10.78.0.0/31", "gateway_ip": null`:          "[map[end:10.78.0.1 start:10.78.0.0]]",
		`"10.79.0.0/30"`:                              "[map[end:10.79.0.2 start:10.79.0.2]]",
		`"10.82.0.0/24", "gateway_ip": "10.82.0.100"`: "[map[end:10.82.0.99 start:10.82.0.1] map[end:10.82.0.254 start:10.82.0.101]]",
	} {
		version := 4
		if strings.Contains(cidr, "fd00") {
			version = 6
		}
		got := n.make("subnet", fmt.Sprintf(`{"network_id": %q, "ip_version": %d, "cidr": %s}`, net, version, cidr))
		if fmt.Sprint(got["allocation_pools"]) != want {
			t.Errorf("%s: %v", cidr, got["allocation_pools"])
		}
	}
	group := n.make("security_group", `{"name": "rules"}`)["id"]
	rule := func(prefix string) string {
		return fmt.Sprintf(`{"security_group_id": %q, "direction": "ingress", "protocol": "tcp", "remote_ip_prefix": %q}`, group, prefix)
	}
	for given, want := range map[string]string{"5.6.7.8": "5.6.7.8/32 5.6.7.8/32", "10.0.0.5/24": "10.0.0.5/24 10.0.0.0/24",
		"10.9.0.1/32": "10.9.0.1/32 10.9.0.1/32"} {
		got := n.make("security_group_rule", rule(given))
		if fmt.Sprint(got["remote_ip_prefix"], " ", got["normalized_cidr"]) != want {
			t.Errorf("%s: %v", given, got)
		}
	}
	for given, says := range map[string]string{"foo": "Invalid CIDR foo given as IP prefix.",
		"fe80::1": "Conflicting value ethertype IPv4 for CIDR fe80::1/128"} {
		n.refused("POST", "/security-group-rules", `{"security_group_rule": `+rule(given)+`}`, 400, says)
	}
	given := n.make("network", `{"name": "g"}`)["id"]
	subnet := n.make("subnet", fmt.Sprintf(`{"network_id": %q, "ip_version": 4, "cidr": "10.83.0.0/24", "service_types": ["network:a"]}`,
		given))
	if fmt.Sprint(subnet["service_types"]) != "[network:a]" {
		t.Errorf("%v", subnet)
	}
	ordered := n.make("port", fmt.Sprintf(`{"network_id": %q, "fixed_ips": [{"ip_address": "10.83.0.9"}, {"ip_address": "10.83.0.10"}]}`,
		given))
	if text := fmt.Sprint(ordered["fixed_ips"]); strings.Index(text, "10.83.0.10") > strings.Index(text, "10.83.0.9 ") {
		t.Errorf("%s", text)
	}
	port := n.make("port", fmt.Sprintf(`{"network_id": %q, "extra_dhcp_opts": [{"opt_name": "a", "opt_value": "1"},
		{"opt_name": "b", "opt_value": "2", "ip_version": 6}, {"opt_name": "c", "opt_value": null}]}`, n.named("private")))
	for given, want := range map[string]string{`{"a": "b"}`: "map[a:b]", "null": "map[]"} {
		bound := onlyOne(t, n.administrator().do("PUT", fmt.Sprintf("/ports/%s", port["id"]), `{"port": {"binding:profile": `+given+`}}`, 200),
			"port")
		if fmt.Sprint(bound["binding:profile"]) != want {
			t.Errorf("%s: %v", given, bound)
		}
	}
	changed := onlyOne(t, n.do("PUT", fmt.Sprintf("/ports/%s", port["id"]), `{"port": {"extra_dhcp_opts": [
		{"opt_name": "a", "opt_value": null}, {"opt_name": "b", "opt_value": "3"}, {"opt_name": "b", "opt_value": "4", "ip_version": 6}]}}`, 200), "port")
	want := "[map[ip_version:6 opt_name:b opt_value:4] map[ip_version:4 opt_name:b opt_value:3]]"
	if got := fmt.Sprint(changed["extra_dhcp_opts"]); got != want {
		t.Errorf("%s", got)
	}
}

// TestRouterFlavors has the results of Neutron 29 for the same requests.
func TestRouterFlavors(t *testing.T) {
	t.Parallel()
	user := network(t)
	n := user.administrator()
	user.refused("POST", "/flavors", `{"flavor": {"name": "f", "service_type": "L3_ROUTER_NAT"}}`, 403, "rule:create_flavor")
	n.refused("POST", "/flavors", `{"flavor": {"name": "f"}}`, 400, "Required attribute 'service_type' not specified")
	n.refused("POST", "/flavors", `{"flavor": {"name": "f", "service_type": "FOO"}}`, 400, "Invalid service type: FOO.")
	flavor := n.make("flavor", `{"name": "f", "service_type": "L3_ROUTER_NAT"}`)["id"]
	profile := func(body string, status int) map[string]any {
		return n.do("POST", "/service_profiles", `{"service_profile": `+body+`}`, status)
	}
	profile(`{"description": "d"}`, 400)
	profile(`{"driver": "x"}`, 404)
	id := onlyOne(t, profile(`{"metainfo": "{}"}`, 201), "service_profile")["id"]
	path := fmt.Sprintf("/flavors/%s/service_profiles", flavor)
	body := fmt.Sprintf(`{"service_profile": {"id": %q}}`, id)
	n.do("POST", path, body, 201)
	n.refused("POST", path, body, 409, "is already associated with flavor")
	n.refused("DELETE", fmt.Sprintf("/service_profiles/%s", id), "", 409, "ServiceProfileInUse")
	router := user.make("router", fmt.Sprintf(`{"name": "r", "flavor_id": %q}`, flavor))
	if router["flavor_id"] != flavor {
		t.Errorf("%v", router)
	}
	user.refused("POST", "/routers", fmt.Sprintf(`{"router": {"flavor_id": %q}}`, id), 404, "FlavorNotFound")
	n.refused("DELETE", fmt.Sprintf("/flavors/%s", flavor), "", 409, "FlavorInUse")
	n.do("DELETE", fmt.Sprintf("%s/%s", path, id), "", 204)
	n.do("DELETE", fmt.Sprintf("/service_profiles/%s", id), "", 204)
}

// TestPortForwarding has the results of Neutron 29 for the same requests.
func TestPortForwarding(t *testing.T) {
	t.Parallel()
	n := network(t)
	net := n.make("network", `{"name": "n"}`)["id"]
	subnet := n.make("subnet", fmt.Sprintf(`{"network_id": %q, "cidr": "10.66.0.0/24", "ip_version": 4}`, net))["id"]
	router := n.make("router", fmt.Sprintf(`{"name": "r", "external_gateway_info": {"network_id": %q}}`, n.named("public")))["id"]
	n.do("PUT", fmt.Sprintf("/routers/%s/add_router_interface", router), fmt.Sprintf(`{"subnet_id": %q}`, subnet), 200)
	port := n.make("port", fmt.Sprintf(`{"network_id": %q, "fixed_ips": [{"ip_address": "10.66.0.9"}]}`, net))["id"]
	address := onlyOne(t, n.do("POST", "/floatingips", fmt.Sprintf(`{"floatingip": {"floating_network_id": %q}}`, n.named("public")), 201),
		"floatingip")
	of := fmt.Sprintf("/floatingips/%s", address["id"])
	path := of + "/port_forwardings"
	forward := func(protocol, address string, internal, external int) string {
		return fmt.Sprintf(`{"port_forwarding": {"protocol": %q, "internal_port_id": %q, "internal_ip_address": %q, "internal_port": %d, `+
			`"external_port": %d}}`, protocol, port, address, internal, external)
	}
	made := onlyOne(t, n.do("POST", path, forward("tcp", "10.66.0.9", 25, 2230), 201), "port_forwarding")
	if made["external_port_range"] != "2230:2230" || made["internal_port"] != 25. || made["description"] != "" {
		t.Errorf("%v", made)
	}
	for body, says := range map[string]string{
		forward("tcp", "10.66.0.9", 26, 2230): "There is a port collision with the external_port_range. " +
			"The following ranges collide: 2230:2230 and 2230:2230.",
		forward("tcp", "10.66.0.9", 25, 2231): "There is a port collision with the internal_port_range.",
		forward("foo", "10.66.0.9", 25, 2231): "IP protocol 'foo' is not supported.",
		forward("tcp", "10.1.1.1", 25, 2231):  "Requested internal IP address 10.1.1.1 is not suitable for internal neutron port",
	} {
		n.refused("POST", path, body, 400, says)
	}
	shown := onlyOne(t, n.do("GET", of, "", 200), "floatingip")
	if shown["router_id"] != router || len(shown["port_forwardings"].([]any)) != 1 || shown["status"] != "DOWN" {
		t.Errorf("%v", shown)
	}
	one := fmt.Sprintf("%s/%s", path, made["id"])
	changed := onlyOne(t, n.do("PUT", one, `{"port_forwarding": {"external_port": 3000, "protocol": "udp"}}`, 200), "port_forwarding")
	if changed["external_port_range"] != "3000:3000" || changed["protocol"] != "udp" || changed["internal_port"] != 25. {
		t.Errorf("%v", changed)
	}
	n.refused("PUT", of, fmt.Sprintf(`{"floatingip": {"port_id": %q}}`, port), 409, "FipInUseByPortForwarding")
	n.do("DELETE", fmt.Sprintf("/ports/%s", port), "", 204)
	n.refused("GET", one, "", 404, "PortForwardingNotFound")
	n.do("DELETE", of, "", 204)
}
