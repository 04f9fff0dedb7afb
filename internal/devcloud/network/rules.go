package network

import (
	"crypto/sha1"
	"net/http"
	"net/netip"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// nameID returns an id that depends only on the name.
func nameID(kind, name string) string {
	sum := sha1.Sum([]byte("devcloud/" + kind + "/" + name))
	id, _ := uuid.FromBytes(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80
	return id.String()
}

func (s *Service) newRule(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	g := s.o.Store.Get(groups, resource.Text(body, "security_group_id"))
	if g == nil {
		return nil, resource.Errorf(http.StatusNotFound, "SecurityGroupNotFound", "Security group %s does not exist",
			resource.Text(body, "security_group_id"))
	}
	if !r.Caller.Can(resource.Text(g, "project_id")) {
		return nil, disallowed("create_security_group_rule")
	}
	d := s.ruleOf(id, resource.Text(g, "project_id"), body)
	if err := prefix(d); err != nil {
		return nil, err
	}
	for _, old := range s.o.Store.Find(rules, "security_group_id", g["id"]) {
		if !slices.ContainsFunc(ruleFields, func(f string) bool { return !same(old[f], d[f]) }) {
			return nil, resource.Errorf(http.StatusConflict, "SecurityGroupRuleExists", "Security group rule already exists. Rule id is %s.",
				old["id"])
		}
	}
	d["belongs_to_default_sg"] = g["name"] == "default"
	if err := s.o.Store.Put(rules, id, d); err != nil {
		return nil, err
	}
	return d, s.showRules(resource.Text(g, "id"))
}

var ruleFields = []string{"direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id",
	"remote_address_group_id"}

func same(a, b any) bool {
	if a == nil || b == nil {
		return a == b
	}
	if _, text := a.(string); text {
		return a == b
	}
	return resource.Int(resource.Doc{"": a}, "") == resource.Int(resource.Doc{"": b}, "")
}

func (s *Service) ruleOf(id, project string, body resource.Doc) resource.Doc {
	d := s.commonFields(id, project, body)
	delete(d, "name")
	for _, f := range append([]string{"security_group_id"}, ruleFields...) {
		d[f] = body[f]
	}
	d["ethertype"] = resource.Or(body, "ethertype", "IPv4")
	d["normalized_cidr"] = nil
	return d
}

// prefix writes the remote prefix of a new rule into it. An address is a prefix of its whole length.
func prefix(d resource.Doc) error {
	text := resource.Text(d, "remote_ip_prefix")
	if text == "" {
		return nil
	}
	given := text
	if a, err := netip.ParseAddr(text); err == nil {
		given = netip.PrefixFrom(a, a.BitLen()).String()
	}
	p, err := netip.ParsePrefix(given)
	if err != nil {
		return resource.Errorf(http.StatusBadRequest, "InvalidCIDR", "Invalid CIDR %s given as IP prefix.", text)
	}
	if kind := d["ethertype"]; p.Addr().Is4() != (kind == "IPv4") {
		return resource.Errorf(http.StatusBadRequest, "SecurityGroupRuleParameterConflict", "Conflicting value ethertype %v for CIDR %s",
			kind, given)
	}
	d["remote_ip_prefix"], d["normalized_cidr"] = p.String(), p.Masked().String()
	return nil
}

func (s *Service) addRule(body resource.Doc, project string) error {
	id := uuid.NewString()
	d := s.ruleOf(id, project, body)
	d["belongs_to_default_sg"] = s.o.Store.Get(groups, resource.Text(body, "security_group_id"))["name"] == "default"
	if err := s.o.Store.Put(rules, id, d); err != nil {
		return err
	}
	return s.showRules(resource.Text(body, "security_group_id"))
}

// showRules writes the rules of a security group into the group's document.
func (s *Service) showRules(group string) error {
	list := []any{}
	for _, rule := range s.o.Store.Find(rules, "security_group_id", group) {
		list = append(list, rule)
	}
	_, err := s.o.Store.Update(groups, group, func(g resource.Doc) error { g["security_group_rules"] = list; return nil })
	return err
}

func (s *Service) ruleGone(d resource.Doc) error {
	if _, err := s.o.Store.Delete(rules, resource.Text(d, "id")); err != nil {
		return err
	}
	return s.showRules(resource.Text(d, "security_group_id"))
}
