package networks

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/securitygroup"
	"github.com/nova-go/nova/internal/objects"
)

// anywhere is the range of a rule that names none.
const anywhere = "0.0.0.0/0"

func (a *API) ruleCreate(r *api.Request) (any, error) {
	body := r.Field("security_group_rule")
	parent, err := a.Neutron.Group(r.Ctx(), r.Context, api.Text(body["parent_group_id"]))
	if err != nil {
		return nil, err
	}
	rule := objects.SecurityGroupRule{GroupID: parent.ID, Direction: "ingress", EtherType: "IPv4"}
	sources := map[string]objects.SecurityGroup{}
	if source, given := body["group_id"]; given && source != nil {
		g, err := a.Neutron.Group(r.Ctx(), r.Context, api.Text(source))
		if err != nil {
			return nil, err
		}
		sources[g.ID] = *g
		rule.RemoteGroupID = &g.ID
	} else if err := setRange(&rule, body["cidr"]); err != nil {
		return nil, err
	}
	if err := setPorts(&rule, body); err != nil {
		return nil, err
	}
	if there(parent, &rule) {
		return nil, api.BadRequest("This rule already exists in group %s", parent.ID)
	}
	made, err := a.Neutron.CreateRule(r.Ctx(), r.Context, rule)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("security_group_rule", func(o *api.Object) { securitygroup.WriteRule(o, made, sources) })
	}), nil
}

// setRange gives a rule the addresses that it is for.
func setRange(r *objects.SecurityGroupRule, v any) error {
	cidr, _ := v.(string)
	if cidr == "" {
		cidr = anywhere
	}
	if plain, err := url.PathUnescape(cidr); err == nil {
		cidr = plain
	}
	address, length, _ := strings.Cut(cidr, "/")
	a, err := netip.ParseAddr(address)
	if err != nil || !validLength(a, length) {
		return api.BadRequest("%s is not a valid IP network.", cidr)
	}
	if length == "0" && address != "0.0.0.0" && address != "::" {
		return api.BadRequest("Bad prefix for network in cidr %s", cidr)
	}
	if a.Is6() {
		r.EtherType = "IPv6"
	}
	r.RemoteIPPrefix = &cidr
	return nil
}

// validLength knows the length of a prefix, and the mask of IPv4.
func validLength(a netip.Addr, length string) bool {
	if n, err := strconv.Atoi(length); err == nil {
		return n >= 0 && n <= a.BitLen()
	}
	mask, err := netip.ParseAddr(length)
	return err == nil && mask.Is4() && a.Is4()
}

// setPorts gives a rule its protocol and ports. A rule for addresses must have
// them; one for a group may go without, and then means all ports of TCP and UDP.
func setPorts(r *objects.SecurityGroupRule, body map[string]any) error {
	protocol := ""
	if v := body["ip_protocol"]; v != nil {
		protocol = api.Text(v)
	}
	upper := strings.ToUpper(protocol)
	from, to := body["from_port"], body["to_port"]
	if r.RemoteGroupID != nil && from == nil && to == nil {
		switch upper {
		case "ICMP":
			from, to = "-1", "-1"
		case "TCP", "UDP":
			from, to = "1", "65535"
		}
	}
	if protocol == "" || from == nil || to == nil {
		if r.RemoteGroupID == nil {
			return api.BadRequest("Not enough parameters to build a valid rule.")
		}
		return nil
	}
	first, err := strconv.ParseInt(api.Text(from), 10, 64)
	last, err2 := strconv.ParseInt(api.Text(to), 10, 64)
	if cmp.Or(err, err2) != nil {
		if upper == "ICMP" {
			return api.BadRequest("Invalid input received: Type and Code must be integers for ICMP protocol type")
		}
		return api.BadRequest("Invalid input received: To and From ports must be integers")
	}
	bad := func(why string) error { return api.BadRequest("Invalid port range %d:%d. %s", first, last, why) }
	outside := func(least, most int64) bool { return first < least || first > most || last < least || last > most }
	switch {
	case !slices.Contains([]string{"TCP", "UDP", "ICMP"}, upper):
		return api.BadRequest("Invalid IP protocol %s.", protocol)
	case upper != "ICMP" && first > last:
		return bad("Former value cannot be greater than the later")
	case upper != "ICMP" && outside(1, 65535):
		return bad("Valid " + upper + " ports should be between 1-65535")
	case upper == "ICMP" && outside(-1, 255):
		return bad("For ICMP, the type:code must be valid")
	}
	r.Protocol, r.PortRangeMin, r.PortRangeMax = &protocol, &first, &last
	return nil
}

// there tells whether a group has the same rule for addresses already; of rules
// for groups it is Neutron that tells.
func there(g *objects.SecurityGroup, r *objects.SecurityGroupRule) bool {
	if r.RemoteGroupID != nil {
		return false
	}
	return slices.ContainsFunc(g.Rules, func(o objects.SecurityGroupRule) bool {
		prefix := anywhere
		if o.RemoteIPPrefix != nil && *o.RemoteIPPrefix != "" {
			prefix = *o.RemoteIPPrefix
		}
		first, last := securitygroup.Ports(&o)
		return o.Direction == "ingress" && o.RemoteGroupID == nil && prefix == *r.RemoteIPPrefix &&
			same(o.Protocol, r.Protocol) && same(first, r.PortRangeMin) && same(last, r.PortRangeMax)
	})
}

func same[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

func (a *API) ruleDelete(r *api.Request) (any, error) {
	id, err := id(r)
	if err != nil {
		return nil, err
	}
	rule, err := a.Neutron.Rule(r.Ctx(), r.Context, id)
	if err != nil {
		return nil, err
	}
	if _, err := a.Neutron.Group(r.Ctx(), r.Context, rule.GroupID); err != nil {
		return nil, err
	}
	return nil, a.Neutron.DeleteRule(r.Ctx(), r.Context, rule.ID)
}
