package networks

import (
	"math/big"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/compute/internal/securitygroup"
	"github.com/nova-go/nova/internal/objects"
)

// anywhere is the default address range of a rule.
const anywhere = "0.0.0.0/0"

// newRule is the request body that adds a rule to a group. Nova's schema does not check most of
// its members.
type newRule struct {
	Parent   string     `json:"parent_group_id"`
	Source   *string    `json:"group_id"`
	CIDR     body.Value `json:"cidr"`
	Protocol body.Value `json:"ip_protocol"`
	From     body.Value `json:"from_port"`
	To       body.Value `json:"to_port"`
}

func (a *API) ruleCreate(r *api.Request) (any, error) {
	asked, err := api.Body[newRule](r, "security_group_rule")
	if err != nil {
		return nil, err
	}
	parent, err := a.Neutron.Group(r.Context(), r.Caller, asked.Parent)
	if err != nil {
		return nil, err
	}
	rule := objects.SecurityGroupRule{GroupID: parent.ID, Direction: "ingress", EtherType: "IPv4"}
	sources := map[string]objects.SecurityGroup{}
	if asked.Source != nil {
		g, err := a.Neutron.Group(r.Context(), r.Caller, *asked.Source)
		if err != nil {
			return nil, err
		}
		sources[g.ID] = *g
		rule.RemoteGroupID = &g.ID
	}
	bits := -1
	if asked.Source == nil {
		if bits, err = setRange(&rule, asked.CIDR); err != nil {
			return nil, err
		}
	}
	if err := setPorts(&rule, &asked); err != nil {
		return nil, err
	}
	if address, _, _ := strings.Cut(objects.OrZero(rule.RemoteIPPrefix), "/"); bits == 0 && !isUnspecified(address) {
		return nil, api.BadRequest("Bad prefix for network in cidr %s", *rule.RemoteIPPrefix)
	}
	if hasRule(parent, &rule) {
		return nil, api.BadRequest("This rule already exists in group %s", parent.ID)
	}
	made, err := a.Neutron.CreateRule(r.Context(), r.Caller, rule)
	if err != nil {
		return nil, err
	}
	return api.Doc(func(o *api.Object) {
		o.Obj("security_group_rule", func(o *api.Object) { securitygroup.WriteRule(o, made, sources) })
	}), nil
}

// setRange sets the address range of a rule and returns its prefix length.
func setRange(r *objects.SecurityGroupRule, asked body.Value) (bits int, err error) {
	cidr := anywhere
	if asked.Truthy() {
		cidr = asked.Text()
	}
	if plain, err := url.PathUnescape(cidr); err == nil {
		cidr = plain
	}
	address, length, _ := strings.Cut(cidr, "/")
	a, err := netip.ParseAddr(address)
	if err == nil && strings.Contains(length, "/") && asked.IsText() {
		return 0, api.Raised("ValueError", "%s has two lengths", cidr)
	}
	bits, ok := prefixLength(a, length)
	if err != nil || a.Zone() != "" || !ok || asked.Truthy() && !asked.IsText() {
		return 0, api.BadRequest("%s is not a valid IP network.", cidr)
	}
	if a.Is6() {
		r.EtherType = "IPv6"
	}
	r.RemoteIPPrefix = &cidr
	return bits, nil
}

func isUnspecified(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.IsUnspecified()
}

// prefixLength parses a prefix length, or the netmask of a network.
func prefixLength(a netip.Addr, length string) (bits int, ok bool) {
	if n, ok := schema.ParseInteger(length); ok {
		return int(n.Int64()), n.Sign() >= 0 && n.Cmp(big.NewInt(int64(a.BitLen()))) <= 0
	}
	mask, err := netip.ParseAddr(length)
	if err != nil || mask.Zone() != "" || mask.BitLen() != a.BitLen() {
		return 0, false
	}
	n := new(big.Int).SetBytes(mask.AsSlice())
	all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(a.BitLen())), big.NewInt(1))
	if n.Sign() > 0 && n.Bit(a.BitLen()-1) == 0 { // an inverted mask (hostmask)
		n.Xor(n, all)
	}
	n.Xor(n, all) // the bits of the hosts, which have to be the last ones
	hosts := n.BitLen()
	return a.BitLen() - hosts, new(big.Int).Rsh(all, uint(a.BitLen()-hosts)).Cmp(n) == 0
}

// setPorts sets protocol and ports of a rule. They are required in a rule with an address
// range. In a rule with a source group they are optional, and default to all ports of TCP and
// UDP.
func setPorts(r *objects.SecurityGroupRule, asked *newRule) error {
	protocol := ""
	if asked.Protocol.Truthy() {
		protocol = asked.Protocol.Text()
	}
	upper := strings.ToUpper(protocol)
	forGroup := r.RemoteGroupID != nil
	if forGroup && protocol != "" && !asked.Protocol.IsText() {
		return api.Raised("AttributeError", "the protocol is no text")
	}
	known := slices.Contains([]string{"TCP", "UDP", "ICMP"}, upper)
	var first, last *big.Int
	switch {
	case forGroup && !asked.From.Given && !asked.To.Given && upper == "ICMP":
		first, last = big.NewInt(-1), big.NewInt(-1)
	case forGroup && !asked.From.Given && !asked.To.Given && known:
		first, last = big.NewInt(1), big.NewInt(65535)
	case protocol != "" && asked.From.Given && asked.To.Given:
		var err error
		if first, last, err = portRange(asked, upper); err != nil {
			return err
		}
	case forGroup:
		return nil
	default:
		return api.BadRequest("Not enough parameters to build a valid rule.")
	}
	if !known {
		return api.BadRequest("Invalid IP protocol %s.", protocol)
	}
	if err := checkPorts(upper, first, last); err != nil {
		return err
	}
	r.Protocol, r.PortRangeMin, r.PortRangeMax = &protocol, new(first.Int64()), new(last.Int64())
	return nil
}

// checkPorts checks the ports of a rule for a protocol: TCP, UDP or ICMP, where they are type
// and code.
func checkPorts(protocol string, first, last *big.Int) error {
	bad := func(why string) error { return api.BadRequest("Invalid port range %d:%d. %s", first, last, why) }
	outside := func(least, most int64) bool {
		return slices.ContainsFunc([]*big.Int{first, last}, func(n *big.Int) bool {
			return n.Cmp(big.NewInt(least)) < 0 || n.Cmp(big.NewInt(most)) > 0
		})
	}
	switch {
	case protocol != "ICMP" && first.Cmp(last) > 0:
		return bad("Former value cannot be greater than the later")
	case protocol != "ICMP" && outside(1, 65535):
		return bad("Valid " + protocol + " ports should be between 1-65535")
	case protocol == "ICMP" && outside(-1, 255):
		return bad("For ICMP, the type:code must be valid")
	}
	return nil
}

// portRange converts the ports of a rule as Python's int does.
func portRange(asked *newRule, protocol string) (first, last *big.Int, err error) {
	first, exception := asked.From.Big()
	if exception == "" {
		last, exception = asked.To.Big()
	}
	switch {
	case exception == "":
		return first, last, nil
	case exception != "ValueError":
		return nil, nil, api.Raised(exception, "the ports are no integers")
	case protocol == "ICMP":
		return nil, nil, api.BadRequest("Invalid input received: Type and Code must be integers for ICMP protocol type")
	}
	return nil, nil, api.BadRequest("Invalid input received: To and From ports must be integers")
}

// hasRule reports whether a group already has an equal rule with an address range. Neutron
// detects duplicates of rules with a source group.
func hasRule(g *objects.SecurityGroup, r *objects.SecurityGroupRule) bool {
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
			equalPointers(o.Protocol, r.Protocol) && equalPointers(first, r.PortRangeMin) && equalPointers(last, r.PortRangeMax)
	})
}

func equalPointers[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

func (a *API) ruleDelete(r *api.Request) (any, error) {
	id, err := groupID(r)
	if err != nil {
		return nil, err
	}
	rule, err := a.Neutron.Rule(r.Context(), r.Caller, id)
	if err != nil {
		return nil, err
	}
	if _, err := a.Neutron.Group(r.Context(), r.Caller, rule.GroupID); err != nil {
		return nil, err
	}
	return nil, a.Neutron.DeleteRule(r.Context(), r.Caller, rule.ID)
}
