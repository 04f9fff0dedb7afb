package networks_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestNetworkProxies(t *testing.T) {
	t.Parallel()
	const group = "70a599e0-31e7-49b7-b260-868f441e862b"
	rule := `{"id": "r1", "security_group_id": "` + group + `", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}`
	n := novatest.NewStandIn(t, map[string]string{
		"GET /v2.0/networks":                    `200 {"networks": [{"id": "n1", "name": "ext"}]}`,
		"GET /v2.0/networks/n1":                 `200 {"network": {"id": "n1", "name": "ext"}}`,
		"GET /v2.0/floatingips":                 `200 {"floatingips": [{"id": "f1", "floating_ip_address": "192.0.2.1", "floating_network_id": "n1", "port_details": {"device_id": "s1"}}]}`,
		"POST /v2.0/floatingips":                `409 {"NeutronError": {"type": "OverQuota", "message": "no", "detail": ""}}`,
		"GET /v2.0/security-groups":             `200 {"security_groups": [{"id": "` + group + `", "name": "g", "tenant_id": "p", "security_group_rules": [` + rule + `]}]}`,
		"GET /v2.0/security-groups/" + group:    `200 {"security_group": {"id": "` + group + `", "name": "g", "tenant_id": "p", "security_group_rules": [` + rule + `]}}`,
		"POST /v2.0/security-group-rules":       `201 {"security_group_rule": ` + rule + `}`,
		"DELETE /v2.0/security-groups/" + group: `409 {"NeutronError": {"type": "InUse", "message": "in use", "detail": ""}}`,
	})
	s := novatest.New(t, novatest.Conf("[neutron]\nendpoint_override = "+n.URL))
	demo := s.As("demo")
	demo.Do("GET /os-networks").Expect(200).Has(`{"networks": [{"id": "n1", "label": "ext", "cidr": null}]}`)
	s.As("admin").Do("GET /os-networks/n1").Expect(200).Has(`{"network": {"id": "n1", "vlan": null}}`)
	demo.Do("GET /os-networks/x").Expect(404).Fault("itemNotFound", "Network not found")
	demo.Do("GET /os-tenant-networks").Expect(200).JSON(`{"networks": [{"id": "n1", "label": "ext", "cidr": "None"}]}`)
	demo.Do("GET /os-floating-ip-pools").Expect(200).JSON(`{"floating_ip_pools": [{"name": "ext"}]}`)
	demo.Do("GET /os-floating-ips").Expect(200).JSON(`{"floating_ips": [{"id": "f1", "ip": "192.0.2.1", "fixed_ip": null, "instance_id": "s1", "pool": "ext"}]}`)
	demo.Do("GET /os-floating-ips/x").Expect(404).Fault("itemNotFound", "Floating IP not found for ID x")
	demo.Do("POST /os-floating-ips", `{"pool": "ext"}`).Expect(403).Fault("forbidden", "IP allocation over quota in pool ext.")
	view := `{"id": "` + group + `", "name": "g", "description": "", "tenant_id": "p", "rules": [{"id": "r1", "parent_group_id": "` + group + `", "ip_protocol": "tcp", "from_port": 1, "to_port": 65535, "group": {}, "ip_range": {"cidr": "0.0.0.0/0"}}]}`
	demo.Do("GET /os-security-groups").Expect(200).JSON(`{"security_groups": [` + view + `]}`)
	demo.Do("GET /os-security-groups/" + group).Expect(200).JSON(`{"security_group": ` + view + `}`)
	demo.Do("GET /os-security-groups/x").Expect(400).Fault("badRequest", "Security group id should be uuid")
	demo.Do("DELETE /os-security-groups/"+group).Expect(400).Fault("badRequest", "in use")
	make := func(more string) *novatest.Response {
		return demo.Do("POST /os-security-group-rules", `{"security_group_rule": {"parent_group_id": "`+group+`", "ip_protocol": "tcp", `+more+`}}`)
	}
	make(`"from_port": 1, "to_port": 65535`).Expect(400).Fault("badRequest", "This rule already exists in group "+group)
	make(`"from_port": 5, "to_port": 4`).Expect(400).Fault("badRequest", "Invalid port range 5:4. Former value cannot be greater than the later")
	make(`"from_port": 5, "to_port": 6, "cidr": "10.0.0.0/0"`).Expect(400).Fault("badRequest", "Bad prefix for network in cidr 10.0.0.0/0")
	make(`"from_port": 5, "to_port": 6, "cidr": "2001:db8::/32"`).Expect(200)
	n.Got(t, "POST /v2.0/security-group-rules", `{"security_group_rule": {"ethertype": "IPv6", "port_range_min": 5, "port_range_max": 6, "remote_ip_prefix": "2001:db8::/32", "direction": "ingress"}}`)
}
