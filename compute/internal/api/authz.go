package api

import (
	"fmt"
	"slices"

	"github.com/nova-go/nova/internal/policy"
)

// Authz describes the authorisation of an operation: the policy rule, the target of the rule,
// and further rules that the handler may check. A row whose Authz is the zero value does not
// pass Check, unless its operation is not implemented.
type Authz struct {
	Rule policy.Rule
	// Also are the rules that the handler checks itself with Request.Can and Request.Allowed;
	// both return an error for any other rule.
	Also []policy.Rule

	check   authzCheck
	instead policy.Rule         // checked instead of Rule if applies returns true
	applies func(*Request) bool // nil: Rule is always checked
}

// authzCheck is the time and the target of the check of a rule.
type authzCheck uint8

const (
	undeclared authzCheck = iota
	noCheck
	onCaller
	onNobody
	onResource
)

// Public allows everybody to call the operation.
func Public() Authz { return Authz{check: noCheck} }

// Early checks the rule before the handler runs, against the caller's own project and user.
func Early(r policy.Rule) Authz { return Authz{Rule: r, check: onCaller} }

// EarlyUnowned is Early with a target without project and user, like target={} in Nova: rules
// for owners never match.
func EarlyUnowned(r policy.Rule) Authz { return Authz{Rule: r, check: onNobody} }

// Late checks the rule against the owner of the resource, after the resource is loaded: see
// Resource.
func Late(r policy.Rule) Authz { return Authz{Rule: r, check: onResource} }

// Asks adds rules that the handler checks itself.
func (a Authz) Asks(rules ...policy.Rule) Authz {
	a.Also = append(slices.Clone(a.Also), rules...)
	return a
}

// Or replaces the rule by instead for requests for which applies returns true.
func (a Authz) Or(instead policy.Rule, applies func(*Request) bool) Authz {
	a.instead, a.applies = instead, applies
	return a
}

// IsPublic reports whether everybody may call the operation.
func (a Authz) IsPublic() bool { return a.check == noCheck }

// Others returns the rules besides Rule that the operation may check.
func (a Authz) Others() []policy.Rule {
	if a.applies == nil {
		return a.Also
	}
	return append([]policy.Rule{a.instead}, a.Also...)
}

// asks reports whether the handler may check a rule.
func (a Authz) asks(rule policy.Rule) bool { return slices.Contains(a.Also, rule) }

// ruleOf returns the rule that guards a request.
func (a Authz) ruleOf(r *Request) policy.Rule {
	if a.applies != nil && a.applies(r) {
		return a.instead
	}
	return a.Rule
}

func (a Authz) String() string {
	switch a.check {
	case noCheck:
		return "public"
	case onResource:
		return string(a.Rule) + " (on the resource)"
	default:
		return string(a.Rule)
	}
}

// validateAuthz returns an error for authorisations that contradict the rest of the row.
func (r *Route) validateAuthz() error {
	late := r.Authz.check == onResource
	switch {
	case r.Do != nil && r.On != nil:
		return fmt.Errorf("%s: both Do and On", r.Key())
	case r.Authz.check == undeclared && (r.Do != nil || r.On != nil):
		return fmt.Errorf("%s: no policy rule, nor Public", r.Key())
	case r.On != nil && !late:
		return fmt.Errorf("%s: On needs a Late rule", r.Key())
	case r.Do != nil && late:
		return fmt.Errorf("%s: a Late rule needs On, which says what the rule is checked against", r.Key())
	}
	return nil
}

// undeclaredError reports a rule that the handler checked although its row does not list it.
func (r *Request) undeclaredError(rule policy.Rule) error {
	return fmt.Errorf("%s asks the rule %s, which its row does not declare", r.opName(), rule)
}
