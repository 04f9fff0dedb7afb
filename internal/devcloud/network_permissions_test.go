package devcloud_test

import (
	"fmt"
	"testing"
)

// TestResourcesOfOtherProjects has the results of Neutron 29 for requests of a project that sees
// resources of another one, which are shared.
func TestResourcesOfOtherProjects(t *testing.T) {
	t.Parallel()
	user := network(t)
	n := user.administrator()
	demo := user.make("network", `{"name": "own"}`)["project_id"]
	net := n.make("network", `{"name": "n", "shared": true}`)["id"]
	subnet := n.make("subnet", fmt.Sprintf(`{"network_id": %q, "cidr": "10.77.0.0/24", "ip_version": 4}`, net))["id"]
	pool := n.make("subnetpool", `{"name": "p", "shared": true, "prefixes": ["10.78.0.0/16"]}`)["id"]
	scope := n.make("address_scope", `{"name": "s", "shared": true, "ip_version": 4}`)["id"]
	group := n.make("security_group", `{"name": "g"}`)["id"]
	addresses := n.make("address_group", `{"name": "a", "addresses": ["10.0.0.0/8"]}`)["id"]
	for kind, id := range map[string]any{"security_group": group, "address_group": addresses} {
		n.do("POST", "/rbac-policies", fmt.Sprintf(
			`{"rbac_policy": {"object_type": %q, "object_id": %q, "action": "access_as_shared", "target_tenant": %q}}`, kind, id, demo), 201)
	}
	flavor := n.make("flavor", `{"name": "f", "service_type": "L3_ROUTER_NAT"}`)["id"]
	policy := func(body string) any {
		return onlyOne(t, n.do("POST", "/qos/policies", `{"policy": `+body+`}`, 201), "policy")["id"]
	}
	shared, own := policy(`{"name": "q", "shared": true}`), policy(fmt.Sprintf(`{"name": "own", "project_id": %q}`, demo))

	const absent = "The resource could not be found."
	for _, c := range []struct {
		kind, singular string
		id             any
		change         int  // the status of PUT
		tags           bool // Neutron has tags of this kind
	}{
		{"networks", "network", net, 403, true},
		{"networks", "network", user.named("public"), 403, true},
		{"subnets", "subnet", subnet, 403, true},
		{"subnetpools", "subnetpool", pool, 403, true},
		{"address-scopes", "address_scope", scope, 403, false},
		{"security-groups", "security_group", group, 403, true},
		{"address-groups", "address_group", addresses, 404, false},
		{"flavors", "flavor", flavor, 403, false},
		{"qos/policies", "policy", shared, 404, true},
		{"qos/policies", "policy", own, 403, true},
	} {
		path, disallowed := fmt.Sprintf("/%s/%s", c.kind, c.id), c.singular+" is disallowed by policy"
		user.do("GET", path, "", 200)
		says := "rule:update_" + disallowed
		if c.change == 404 {
			says = absent
		}
		user.refused("PUT", path, fmt.Sprintf(`{%q: {"name": "x"}}`, c.singular), c.change, says)
		user.refused("DELETE", path, "", 403, "rule:delete_"+disallowed)
		if c.tags {
			says := c.singular + ":tags is disallowed by policy"
			user.refused("PUT", path+"/tags/a", "", 403, "rule:update_"+says)
			user.refused("POST", path+"/tags", `{"tags": ["a"]}`, 403, "rule:create_"+says)
			user.refused("DELETE", path+"/tags", "", 403, "rule:delete_"+says)
		} else {
			n.do("PUT", path+"/tags/a", "", 404)
		}
		// Administrators may.
		n.do("PUT", path, fmt.Sprintf(`{%q: {"name": "y"}}`, c.singular), 200)
	}

	user.refused("POST", "/subnets", fmt.Sprintf(`{"subnet": {"network_id": %q, "cidr": "10.79.0.0/24", "ip_version": 4}}`, net), 403,
		"rule:create_subnet is disallowed by policy")
	user.refused("POST", "/security-group-rules", fmt.Sprintf(`{"security_group_rule": {"security_group_id": %q, "direction": "ingress"}}`,
		group), 403, "rule:create_security_group_rule is disallowed by policy")
	for _, operation := range []string{"add_addresses", "remove_addresses"} {
		user.refused("PUT", fmt.Sprintf("/address-groups/%s/%s", addresses, operation), `{"addresses": ["10.0.0.0/8"]}`, 403,
			"rule:"+operation+" is disallowed by policy")
	}
	private := n.make("network", `{"name": "private"}`)["id"]
	user.refused("GET", fmt.Sprintf("/networks/%s/tags", private), "", 403, "rule:get_network:tags is disallowed by policy")
	agent := ids(n.do("GET", "/agents", "", 200), "agents")[0]
	user.refused("GET", "/agents/"+agent, "", 404, absent)
	user.refused("PUT", "/agents/"+agent, `{"agent": {"description": "x"}}`, 404, absent)
	n.refused("GET", "/agents/"+group.(string), "", 404, "AgentNotFound")
	segment := ids(n.do("GET", fmt.Sprintf("/segments?network_id=%s", net), "", 200), "segments")[0]
	for _, method := range []string{"GET", "DELETE"} {
		user.refused(method, "/segments/"+segment, "", 404, absent)
	}
}

// TestRulesOfSharedQoSPolicies has the results of Neutron 29 for the same requests.
func TestRulesOfSharedQoSPolicies(t *testing.T) {
	t.Parallel()
	user := network(t)
	n := user.administrator()
	demo := user.make("network", `{"name": "own"}`)["project_id"]
	for _, c := range []struct {
		body   string
		listed int
		read   int    // the status of GET
		change string // the error of PUT and DELETE
		status int
	}{
		{`{"name": "q", "shared": true}`, 0, 404, "The resource could not be found.", 404},
		{fmt.Sprintf(`{"name": "own", "project_id": %q}`, demo), 1, 200, "_policy_bandwidth_limit_rule is disallowed by policy", 403},
	} {
		policy := onlyOne(t, n.do("POST", "/qos/policies", `{"policy": `+c.body+`}`, 201), "policy")["id"]
		path := fmt.Sprintf("/qos/policies/%s/bandwidth_limit_rules", policy)
		body := `{"bandwidth_limit_rule": {"max_kbps": 3000}}`
		user.refused("POST", path, body, 403, "rule:create_policy_bandwidth_limit_rule is disallowed by policy")
		rule := onlyOne(t, n.do("POST", path, body, 201), "bandwidth_limit_rule")["id"]
		if list := user.do("GET", path, "", 200)["bandwidth_limit_rules"].([]any); len(list) != c.listed {
			t.Errorf("%s: %v", c.body, list)
		}
		one := fmt.Sprintf("%s/%s", path, rule)
		user.do("GET", one, "", c.read)
		user.refused("PUT", one, body, c.status, c.change)
		user.refused("DELETE", one, "", c.status, c.change)
		n.do("DELETE", one, "", 204)
	}
}
