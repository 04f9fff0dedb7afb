// Package securitygroup writes Neutron's security groups in the form of nova-network, for the
// views of servers and the proxy for security groups.
package securitygroup

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/objects"
)

// Write writes a group with its ingress rules. sources are the source groups of rules by id; a
// rule whose source is not in sources is left out.
func Write(o *api.Object, g *objects.SecurityGroup, sources map[string]objects.SecurityGroup) {
	o.Str("id", g.ID)
	o.Str("description", g.Description)
	o.Str("name", g.Name)
	o.Str("tenant_id", g.TenantID)
	rules := slices.DeleteFunc(slices.Clone(g.Rules), func(r objects.SecurityGroupRule) bool {
		if r.Direction != "ingress" {
			return true
		}
		_, known := sources[objects.OrZero(r.RemoteGroupID)]
		return objects.OrZero(r.RemoteGroupID) != "" && !known
	})
	o.List("rules", len(rules), func(n int, arr *api.Array) {
		arr.Obj(func(o *api.Object) { WriteRule(o, &rules[n], sources) })
	})
}

// WriteRule writes one rule.
func WriteRule(o *api.Object, r *objects.SecurityGroupRule, sources map[string]objects.SecurityGroup) {
	o.Str("id", r.ID)
	o.Str("parent_group_id", r.GroupID)
	o.Opt("ip_protocol", r.Protocol)
	from, to := Ports(r)
	o.OptInt("from_port", from)
	o.OptInt("to_port", to)
	source := objects.OrZero(r.RemoteGroupID)
	o.Obj("group", func(o *api.Object) {
		if source != "" {
			o.Str("name", sources[source].Name)
			o.Str("tenant_id", sources[source].TenantID)
		}
	})
	o.Obj("ip_range", func(o *api.Object) {
		if source == "" {
			cidr := objects.OrZero(r.RemoteIPPrefix)
			if cidr == "" {
				cidr = "0.0.0.0/0"
			}
			o.Str("cidr", cidr)
		}
	})
}

// Ports returns the ports of a rule in Nova's form. If the rule has no ports, they are the
// first and the last port for TCP and UDP, and -1 for other protocols.
func Ports(r *objects.SecurityGroupRule) (from, to *int64) {
	from, to = r.PortRangeMin, r.PortRangeMax
	if objects.OrZero(r.Protocol) != "" && from == nil && to == nil {
		first, last := int64(-1), int64(-1)
		if p := strings.ToUpper(*r.Protocol); p == "TCP" || p == "UDP" {
			first, last = 1, 65535
		}
		from, to = &first, &last
	}
	return from, to
}
