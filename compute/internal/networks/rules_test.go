package networks_test

import (
	"encoding/json"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/pytables"
)

// TestSecurityGroupRuleValues: what Nova 34.0.0 on MariaDB makes of values of the rules of a security group that its schemas let
// through and that are not of the type that they should be.
func TestSecurityGroupRuleValues(t *testing.T) {
	t.Parallel()
	const group = "70a599e0-31e7-49b7-b260-868f441e862b"
	made := `{"security_group_rule": {"id": "r1", "security_group_id": "` + group + `", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}}`
	n := novatest.NewStandIn(t, map[string]string{
		"GET /v2.0/security-groups/" + group: `200 {"security_group": {"id": "` + group + `", "name": "g", "tenant_id": "p", "security_group_rules": []}}`,
		"POST /v2.0/security-group-rules":    "201 " + made,
	})
	s := novatest.New(t, novatest.Conf("[neutron]\nendpoint_override = "+n.URL))
	noNetwork := func(cidr string) string { return cidr + " is not a valid IP network." }
	for _, c := range []struct {
		members string
		status  int
		want    string // what Neutron is sent of the rule, or a message
	}{
		{`"ip_protocol": "tcp", "from_port": 1.9, "to_port": "1_0\n"`, 200, `{"port_range_min": 1, "port_range_max": 10}`},
		{`"ip_protocol": "tcp", "from_port": true, "to_port": " \u0661"`, 200, `{"port_range_min": 1, "port_range_max": 1}`},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": "1.0"`, 400, "Invalid input received: To and From ports must be integers"},
		{`"ip_protocol": "icmp", "from_port": "x", "to_port": 1`, 400, "Invalid input received: Type and Code must be integers for ICMP protocol type"},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 9223372036854775808`, 400, "Invalid port range 1:9223372036854775808. Valid TCP ports should be between 1-65535"},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": []`, 500, novatest.Unexpected("TypeError")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 1e400`, 500, novatest.Unexpected("OverflowError")},
		{`"ip_protocol": 6, "from_port": 1, "to_port": 2`, 400, "Invalid IP protocol 6."},
		{`"ip_protocol": 6, "group_id": "` + group + `"`, 500, novatest.Unexpected("AttributeError")},
		{`"ip_protocol": "udp", "group_id": "` + group + `"`, 200, `{"port_range_min": 1, "port_range_max": 65535, "remote_group_id": "` + group + `"}`},
		{`"ip_protocol": "", "from_port": 1, "to_port": 2`, 400, "Not enough parameters to build a valid rule."},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": 0`, 200, `{"remote_ip_prefix": "0.0.0.0/0"}`},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": 5`, 400, noNetwork("5")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": [1]`, 400, noNetwork("[1]")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/8\n"`, 200, `{"remote_ip_prefix": "10.0.0.0/8\n"}`},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/255.0.0.0"`, 200, `{"remote_ip_prefix": "10.0.0.0/255.0.0.0"}`},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/255.0.255.0"`, 400, noNetwork("10.0.0.0/255.0.255.0")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "1.2.3.4/0.0.0.0"`, 400, "Bad prefix for network in cidr 1.2.3.4/0.0.0.0"},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/8/9"`, 500, novatest.Unexpected("ValueError")},
		{`"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "fe80::1%eth0/64"`, 400, noNetwork("fe80::1%eth0/64")},
	} {
		t.Run(c.members, func(t *testing.T) {
			r := s.In(t).As("demo").Do("POST /os-security-group-rules", `{"security_group_rule": {"parent_group_id": "`+group+`", `+c.members+`}}`).Expect(c.status)
			if c.status != 200 {
				r.Fault(novatest.FaultOf(c.status), c.want)
				return
			}
			n.Got(t, "POST /v2.0/security-group-rules", `{"security_group_rule": `+c.want+`}`)
		})
	}
}

// TestRangesAsPython compares address ranges with what Nova's parser returned for the same text.
func TestRangesAsPython(t *testing.T) {
	t.Parallel()
	const group = "70a599e0-31e7-49b7-b260-868f441e862b"
	n := novatest.NewStandIn(t, map[string]string{
		"GET /v2.0/security-groups/" + group: `200 {"security_group": {"id": "` + group + `", "name": "g", "tenant_id": "p", "security_group_rules": []}}`,
		"POST /v2.0/security-group-rules": `201 {"security_group_rule": {"id": "r1", "security_group_id": "` + group +
			`", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}}`,
	})
	s := novatest.New(t, novatest.Conf("[neutron]\nendpoint_override = "+n.URL))
	pytables.Each(t, "cidr", func(t *testing.T, in json.RawMessage, want any) {
		t.Run(string(in), func(t *testing.T) {
			r := s.In(t).As("demo").Do("POST /os-security-group-rules", `{"security_group_rule": {"parent_group_id": "`+group+
				`", "ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": `+string(in)+`}}`)
			raised, _ := want.(map[string]any)
			switch accepted, _ := want.(string); {
			case raised["raises"] == "InvalidCidr":
				r.Expect(400).Fault("badRequest", "* is not a valid IP network.")
			case raised != nil:
				r.Expect(500).Fault("computeFault", novatest.Unexpected(raised["raises"].(string)))
			case r.Status == 400: // the length 0 of an address that is not 0
				r.Fault("badRequest", "Bad prefix for network in cidr "+accepted)
			default:
				r.Expect(200)
				sent, _ := json.Marshal(accepted)
				n.Got(t, "POST /v2.0/security-group-rules", `{"security_group_rule": {"remote_ip_prefix": `+string(sent)+`}}`)
			}
		})
	})
}
