package servers

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
)

// groupsIndex lists the security groups of a server's ports, with the rules for
// what comes in: those for what goes out are not in Nova's model.
func (a *API) groupsIndex(r *api.Request) (any, error) {
	i, err := a.server(r, cell.Load{})
	if err != nil {
		return nil, err
	}
	groups, sources, err := a.Network.SecurityGroups(r.Ctx(), r.Context, i.UUID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(groups, func(a, b objects.SecurityGroup) int {
		return cmp.Or(strings.Compare(a.TenantID, b.TenantID), strings.Compare(a.Name, b.Name))
	})
	return api.Doc(func(o *api.Object) {
		o.List("security_groups", len(groups), func(n int, arr *api.Array) {
			arr.Obj(func(o *api.Object) { securityGroup(o, &groups[n], sources) })
		})
	}), nil
}

func securityGroup(o *api.Object, g *objects.SecurityGroup, sources map[string]objects.SecurityGroup) {
	o.Str("id", g.ID)
	o.Str("description", g.Description)
	o.Str("name", g.Name)
	o.Str("tenant_id", g.TenantID)
	rules := slices.DeleteFunc(slices.Clone(g.Rules), func(r objects.SecurityGroupRule) bool {
		if r.Direction != "ingress" {
			return true
		}
		_, known := sources[text(r.RemoteGroupID)]
		return text(r.RemoteGroupID) != "" && !known
	})
	o.List("rules", len(rules), func(n int, arr *api.Array) {
		arr.Obj(func(o *api.Object) { securityGroupRule(o, &rules[n], sources) })
	})
}

func securityGroupRule(o *api.Object, r *objects.SecurityGroupRule, sources map[string]objects.SecurityGroup) {
	o.Str("id", r.ID)
	o.Str("parent_group_id", r.GroupID)
	o.Opt("ip_protocol", r.Protocol)
	from, to := r.PortRangeMin, r.PortRangeMax
	if text(r.Protocol) != "" && from == nil && to == nil { // all ports, as Nova writes it
		first, last := int64(-1), int64(-1)
		if p := strings.ToUpper(*r.Protocol); p == "TCP" || p == "UDP" {
			first, last = 1, 65535
		}
		from, to = &first, &last
	}
	o.OptInt("from_port", from)
	o.OptInt("to_port", to)
	source := text(r.RemoteGroupID)
	o.Obj("group", func(o *api.Object) {
		if source != "" {
			o.Str("name", sources[source].Name)
			o.Str("tenant_id", sources[source].TenantID)
		}
	})
	o.Obj("ip_range", func(o *api.Object) {
		if source == "" {
			cidr := text(r.RemoteIPPrefix)
			if cidr == "" {
				cidr = "0.0.0.0/0"
			}
			o.Str("cidr", cidr)
		}
	})
}
