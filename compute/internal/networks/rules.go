package networks

import (
	"errors"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/compute/internal/securitygroup"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
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
	cidr = pytext.Unquote(cidr)
	a, bits, err := parseNetwork(cidr)
	var raised *objects.Error
	switch {
	case asked.Truthy() && !asked.IsText():
		return 0, api.BadRequest("%s is not a valid IP network.", cidr)
	case errors.As(err, &raised):
		return 0, err
	case err != nil:
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

// errFormat is the error of netaddr for text that is no address or network.
var errFormat = errors.New("invalid format")

// parseNetwork parses an address with a prefix length, as IPNetwork of netaddr does. Its error is errFormat, or one of
// [api.Raised] if Python raises an exception that Nova does not expect.
func parseNetwork(cidr string) (a netip.Addr, bits int, err error) {
	address, length, _ := strings.Cut(cidr, "/")
	for _, is6 := range []bool{false, true} {
		if a, err = parseAddress(address, is6); err == nil {
			bits, err = prefixLength(a, length)
		}
		if !errors.Is(err, errFormat) {
			break
		}
	}
	return a, bits, err
}

// parseAddress parses an address of a version, as IPAddress of netaddr does.
func parseAddress(text string, is6 bool) (netip.Addr, error) {
	switch {
	case strings.Contains(text, "/"):
		return netip.Addr{}, api.Raised("ValueError", "%q has two lengths", text)
	case !is6 && (strings.Contains(text, ":") || leadingZero.MatchString(text)):
		return netip.Addr{}, errFormat
	case !utf8.ValidString(text): // a lone surrogate
		return netip.Addr{}, api.Raised("UnicodeEncodeError", "%q is not UTF-8", text)
	case strings.Contains(text, "\x00"):
		return netip.Addr{}, api.Raised("ValueError", "%q has a null character", text)
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" || a.Is6() != is6 {
		return netip.Addr{}, errFormat
	}
	return a, nil
}

// leadingZero matches an address of IPv4 of which a part has more than one digit and begins with a zero.
var leadingZero = regexp.MustCompile(`(?s)(^|\.)0[^.]`)

// prefixLength parses a prefix length, or the netmask of a network.
func prefixLength(a netip.Addr, length string) (bits int, err error) {
	if n, err := pytext.Int(length); err == nil {
		if n.Sign() < 0 || n.Cmp(big.NewInt(int64(a.BitLen()))) > 0 {
			return 0, errFormat
		}
		return int(n.Int64()), nil
	}
	mask, err := parseAddress(length, a.Is6())
	if err != nil {
		return 0, err
	}
	n := new(big.Int).SetBytes(mask.AsSlice())
	all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(a.BitLen())), big.NewInt(1))
	if n.Sign() > 0 && n.Bit(a.BitLen()-1) == 0 { // an inverted mask (hostmask)
		n.Xor(n, all)
	}
	n.Xor(n, all) // the bits of the hosts, which have to be the last ones
	hosts := n.BitLen()
	if new(big.Int).Rsh(all, uint(a.BitLen()-hosts)).Cmp(n) != 0 {
		return 0, errFormat
	}
	return a.BitLen() - hosts, nil
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
