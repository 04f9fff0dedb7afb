package network

import (
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// actions are the prefixes of the names of policy rules, by the method of the request.
var actions = map[string]string{http.MethodGet: "get", http.MethodPost: "create", http.MethodPut: "update",
	http.MethodDelete: "delete"}

// mayChange applies Neutron's default policy for a PUT or a DELETE: the owner of a resource and
// administrators change it, for some kinds administrators only. Neutron also names the rules of
// attributes in the request, the stand-in does not.
func (c collection) mayChange(r *resource.Request, d resource.Doc) error {
	owner := r.Caller.Can(resource.Text(d, "project_id"))
	if r.Caller.Admin || owner && !c.forAdmins {
		return nil
	}
	// For a PUT of these kinds, Neutron does not read that the resource is a shared one. It then hides
	// the resource from projects that may read it.
	if r.Method == http.MethodPut && !owner && (c.kind == policies || c.kind == addressGroups) {
		return hidden()
	}
	return disallowed(actions[r.Method] + "_" + c.singular)
}

// mayUseRule applies Neutron's default policy for a rule of a QoS policy: the owner of the policy reads
// it, administrators change it.
func mayUseRule(r *resource.Request, t ruleType, policy resource.Doc) error {
	switch {
	case !r.Caller.Can(resource.Text(policy, "project_id")):
		return hidden()
	case r.Method == http.MethodGet:
		return nil
	default:
		return forAdmins(r, actions[r.Method]+"_policy_"+t.name+"_rule")
	}
}

// mayUseTags applies Neutron's default policy for the tags of a resource: those who may change the
// resource change them, and only its owner and administrators read them.
func (c collection) mayUseTags(r *resource.Request, d resource.Doc) error {
	owner := r.Caller.Can(resource.Text(d, "project_id"))
	if r.Caller.Admin || owner && (!c.forAdmins || r.Method == http.MethodGet) {
		return nil
	}
	return disallowed(actions[r.Method] + "_" + c.singular + ":tags")
}

// forAdmins applies Neutron's default policy for operations of administrators.
func forAdmins(r *resource.Request, rule string) error {
	if r.Caller.Admin {
		return nil
	}
	return disallowed(rule)
}

// disallowed is the error of an operation that the policy does not allow.
func disallowed(rule string) error {
	return resource.Errorf(http.StatusForbidden, "PolicyNotAuthorized", "rule:%s is disallowed by policy", rule)
}

// hidden is the error for a resource that exists, and that the policy does not let the caller read.
func hidden() error {
	return resource.Errorf(http.StatusNotFound, "HTTPNotFound", "The resource could not be found.")
}
