package network

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// ruleType is a type of rules of QoS policies.
type ruleType struct {
	name     string // "bandwidth_limit"; its rules are in bandwidth_limit_rules
	required string // the attribute that a rule must have
	burst    string // the attribute of the burst, which is 0 by default, or ""
	// directions are the values of the attribute direction; empty: the rules have none.
	directions []string
}

// ruleTypes are in the order of Neutron's list.
var ruleTypes = []ruleType{
	{name: "bandwidth_limit", required: "max_kbps", burst: "max_burst_kbps", directions: []string{"egress", "ingress"}},
	{name: "packet_rate_limit", required: "max_kpps", burst: "max_burst_kpps", directions: []string{"egress", "ingress", "any"}},
	{name: "minimum_bandwidth", required: "min_kbps", directions: []string{"egress", "ingress"}},
	{name: "minimum_packet_rate", required: "min_kpps", directions: []string{"egress", "ingress", "any"}},
	{name: "dscp_marking", required: "dscp_mark"},
}

// dscpMarks are the marks that a rule can have.
var dscpMarks = []int64{0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 44, 46, 48, 56}

// policyCollection is the collection of QoS policies. They have no effect: there is no traffic, and
// ports have no resource request.
func (s *Service) policyCollection() collection {
	return collection{kind: policies, singular: "policy", class: "QosPolicy", noun: "QoS policy", create: s.newPolicy,
		forAdmins: true,
		readOnly:  []string{"rules"}, visible: func(d resource.Doc) bool { return resource.Bool(d, "shared") }, remove: s.checkPolicyUnused}
}

func (s *Service) newPolicy(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	if err := forAdmins(r, "create_policy"); err != nil {
		return nil, err
	}
	d := s.commonFields(id, r.Project(body), body)
	d["shared"], d["is_default"], d["rules"] = resource.Bool(body, "shared"), resource.Bool(body, "is_default"), []any{}
	if !resource.Bool(d, "is_default") {
		return d, nil
	}
	for _, other := range s.o.Store.Find(policies, "project_id", d["project_id"]) {
		if resource.Bool(other, "is_default") {
			return nil, resource.Errorf(http.StatusConflict, "QoSPolicyDefaultAlreadyExists", "A default QoS policy exists for project %s.",
				d["project_id"])
		}
	}
	return d, nil
}

// checkPolicyUnused refuses to delete a policy that a resource has.
func (s *Service) checkPolicyUnused(d resource.Doc) error {
	for _, users := range []struct{ kind, name string }{{ports, "port"}, {networks, "network"}, {floating, "fip"}, {routers, "router"}} {
		for _, user := range s.o.Store.All(users.kind) {
			of := user
			if users.kind == routers {
				of = resource.Object(user, "external_gateway_info")
			}
			if of["qos_policy_id"] == d["id"] {
				return resource.Errorf(http.StatusConflict, "QosPolicyInUse", "QoS Policy %s is used by %s %s.", d["id"], users.name, user["id"])
			}
		}
	}
	return nil
}

// checkPolicy refuses a body whose QoS policy does not exist.
func (s *Service) checkPolicy(r *resource.Request, body resource.Doc) error {
	id := resource.Text(body, "qos_policy_id")
	c := s.policyCollection()
	if d := s.o.Store.Get(policies, id); id != "" && (d == nil || r != nil && !c.sees(r.Caller, d)) {
		return c.missing(id)
	}
	return nil
}

// networkPolicy shows the QoS policy of a network in its ports.
func (s *Service) networkPolicy(r *resource.Request, network, body resource.Doc) error {
	if err := s.checkPolicy(r, body); err != nil {
		return err
	}
	policy, given := body["qos_policy_id"]
	if !given {
		return nil
	}
	for _, p := range s.o.Store.Find(ports, "network_id", network["id"]) {
		if _, err := s.o.Store.Update(ports, resource.Text(p, "id"), func(p resource.Doc) error {
			p["qos_network_policy_id"] = policy
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// registerPolicies registers the operations on the rules of QoS policies and on their types.
func (s *Service) registerPolicies(c collection) {
	s.mux.Handle("GET /v2.0/qos/rule-types", func(*resource.Request) (any, error) {
		list := []any{}
		for _, t := range ruleTypes {
			list = append(list, resource.Doc{"type": t.name})
		}
		return map[string]any{"rule_types": list}, nil
	})
	s.mux.Handle("GET /v2.0/qos/rule-types/{name}", func(r *resource.Request) (any, error) {
		name := r.PathValue("name")
		if !slices.ContainsFunc(ruleTypes, func(t ruleType) bool { return t.name == name }) {
			return nil, resource.Errorf(http.StatusNotFound, "QosRuleTypeNotFound", "QoS rule type %s could not be found.", name)
		}
		return map[string]any{"rule_type": resource.Doc{"type": name, "drivers": []any{}}}, nil
	})
	for _, t := range ruleTypes {
		singular := t.name + "_rule"
		path := c.path() + "/{id}/" + singular + "s"
		s.mux.Handle("GET "+path, s.listRules(c, t))
		s.mux.Handle("POST "+path, s.createRule(c, t))
		for _, one := range []string{path + "/{rule}", "/v2.0/qos/alias_" + singular + "s/{rule}"} {
			s.mux.Handle("GET "+one, s.oneRule(c, t, s.showRule))
			s.mux.Handle("PUT "+one, s.oneRule(c, t, s.changeRule))
			s.mux.Handle("DELETE "+one, s.oneRule(c, t, s.deleteRule))
		}
	}
}

// listRules handles the list of a policy's rules of one type. Projects that a policy is shared with
// see no rules here, only in the policy.
func (s *Service) listRules(c collection, t ruleType) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.find(c, r)
		if err != nil {
			return nil, err
		}
		mine := []resource.Doc{}
		for _, rule := range resource.Docs(d, "rules") {
			if rule["type"] == t.name && r.Caller.Can(resource.Text(d, "project_id")) {
				mine = append(mine, t.shown(rule))
			}
		}
		page, _ := resource.Query{}.Select(mine, r.URL.Query())
		return map[string]any{t.name + "_rules": page}, nil
	}
}

func (s *Service) createRule(c collection, t ruleType) resource.Handler {
	return func(r *resource.Request) (any, error) {
		if err := forAdmins(r, "create_policy_"+t.name+"_rule"); err != nil {
			return nil, err
		}
		d, err := s.find(c, r)
		if err != nil {
			return nil, err
		}
		body, err := r.Body(t.name + "_rule")
		if err != nil {
			return nil, err
		}
		if body[t.required] == nil {
			return nil, bad("Failed to parse request. Required attribute '%s' not specified", t.required)
		}
		rule := resource.Doc{"id": uuid.NewString(), "qos_policy_id": d["id"], "type": t.name}
		if t.burst != "" {
			rule[t.burst] = 0
		}
		if len(t.directions) > 0 {
			rule["direction"] = "egress"
		}
		if err := t.set(rule, body); err != nil {
			return nil, err
		}
		return map[string]any{t.name + "_rule": t.shown(rule)}, s.setRules(d, rule, false)
	}
}

// oneRule handles a request for a rule, whose path has the policy or is an alias without it.
func (s *Service) oneRule(c collection, t ruleType,
	do func(r *resource.Request, t ruleType, policy, rule resource.Doc) (any, error)) resource.Handler {
	return func(r *resource.Request) (any, error) {
		wanted := r.PathValue("rule")
		of := func(d resource.Doc) resource.Doc {
			for _, rule := range resource.Docs(d, "rules") {
				if rule["id"] == wanted && rule["type"] == t.name {
					return rule
				}
			}
			return nil
		}
		if r.PathValue("id") == "" {
			for _, d := range s.o.Store.All(policies) {
				if rule := of(d); rule != nil && c.sees(r.Caller, d) {
					if err := mayUseRule(r, t, d); err != nil {
						return nil, err
					}
					return aliased(do(r, t, d, rule))
				}
			}
			return nil, resource.Errorf(http.StatusNotFound, "QosRuleNotFound", "QoS rule %s could not be found.", wanted)
		}
		d, err := s.find(c, r)
		if err != nil {
			return nil, err
		}
		if rule := of(d); rule != nil {
			if err := mayUseRule(r, t, d); err != nil {
				return nil, err
			}
			return do(r, t, d, rule)
		}
		return nil, resource.Errorf(http.StatusNotFound, "QosRuleNotFound", "QoS rule %s for policy %s could not be found.", wanted, d["id"])
	}
}

// aliased returns an answer with the key that it has below the path of an alias.
func aliased(answer any, err error) (any, error) {
	if body, ok := answer.(map[string]any); ok {
		for key, value := range body {
			return map[string]any{"alias_" + key: value}, err
		}
	}
	return answer, err
}

func (s *Service) showRule(_ *resource.Request, t ruleType, _, rule resource.Doc) (any, error) {
	return map[string]any{t.name + "_rule": t.shown(rule)}, nil
}

func (s *Service) changeRule(r *resource.Request, t ruleType, policy, rule resource.Doc) (any, error) {
	key := t.name + "_rule"
	if strings.HasPrefix(r.URL.Path, "/v2.0/qos/alias_") {
		key = "alias_" + key
	}
	body, err := r.Body(key)
	if err != nil {
		return nil, err
	}
	changed := resource.Shown(rule)
	if err := t.set(changed, body); err != nil {
		return nil, err
	}
	return map[string]any{t.name + "_rule": t.shown(changed)}, s.setRules(policy, changed, false)
}

func (s *Service) deleteRule(_ *resource.Request, _ ruleType, policy, rule resource.Doc) (any, error) {
	return nil, s.setRules(policy, rule, true)
}

// setRules adds a rule to a policy, replaces the one with its id, or removes it. A policy has only
// one rule of a type and direction.
func (s *Service) setRules(policy, rule resource.Doc, remove bool) error {
	list := resource.Docs(policy, "rules")
	at := slices.IndexFunc(list, func(old resource.Doc) bool { return old["id"] == rule["id"] })
	for n, old := range list {
		if n != at && !remove && old["type"] == rule["type"] && old["direction"] == rule["direction"] {
			return resource.Errorf(http.StatusConflict, "QoSRulesConflict",
				"Rule %s conflicts with rule %s which already exists in QoS Policy %s.", rule["type"], old["id"], policy["id"])
		}
	}
	switch {
	case remove:
		list = slices.Delete(list, at, at+1)
	case at >= 0:
		list[at] = rule
	default:
		list = append(list, rule)
	}
	_, err := s.update(s.policyCollection(), resource.Text(policy, "id"), resource.Doc{"rules": resource.Anys(list)})
	return err
}

// set writes the attributes of a request into a rule.
func (t ruleType) set(rule, body resource.Doc) error {
	for _, field := range []string{t.required, t.burst} {
		if body[field] == nil {
			continue
		}
		value := resource.Int(body, field)
		if t.name == "dscp_marking" && !slices.Contains(dscpMarks, value) {
			return bad("Invalid input for %s. Reason: %v is not in valid_values.", field, body[field])
		}
		if value < 0 {
			return bad("Invalid input for %s. Reason: '%v' is too small - must be at least '0'.", field, body[field])
		}
		rule[field] = value
	}
	if direction := resource.Text(body, "direction"); direction != "" && len(t.directions) > 0 {
		if !slices.Contains(t.directions, direction) {
			return bad("Invalid input for direction. Reason: %s is not in valid_values.", direction)
		}
		rule["direction"] = direction
	}
	return nil
}

// shown returns a rule in the form that it has outside of its policy.
func (t ruleType) shown(rule resource.Doc) resource.Doc {
	d := resource.Shown(rule)
	delete(d, "type")
	delete(d, "qos_policy_id")
	return d
}
