package api

import (
	"fmt"
	"slices"

	"github.com/nova-go/nova/internal/policy"
)

// Authz says which policy rule guards an operation, whom the rule is checked against,
// and which further rules the operation may ask. The zero value says nothing: no
// application starts with a row that has it and does something.
type Authz struct {
	Rule policy.Rule
	// Also are rules that the handler asks itself, by Request.Can and Request.Allowed;
	// it gets an error for any other.
	Also []policy.Rule

	check   check
	instead policy.Rule         // checked in the place of Rule where applies holds
	applies func(*Request) bool // nil: Rule is checked always
}

// check is when and against whom a rule is checked.
type check uint8

const (
	undeclared check = iota
	public
	onCaller
	onNobody
	onResource
)

// Public is for operations that everybody may do.
func Public() Authz { return Authz{check: public} }

// Early is checked before the handler runs, against the caller's own project and user.
func Early(r policy.Rule) Authz { return Authz{Rule: r, check: onCaller} }

// EarlyUnowned is Early against a target with neither project nor user, as
// Nova's target={} has it: an owner's rule never holds.
func EarlyUnowned(r policy.Rule) Authz { return Authz{Rule: r, check: onNobody} }

// Late is checked against the owner of what the operation is about, when that is loaded:
// see Resource.
func Late(r policy.Rule) Authz { return Authz{Rule: r, check: onResource} }

// Asks adds rules that the handler asks itself.
func (a Authz) Asks(rules ...policy.Rule) Authz {
	a.Also = append(slices.Clone(a.Also), rules...)
	return a
}

// Or has another rule checked in the place of the first for requests for which applies
// holds.
func (a Authz) Or(instead policy.Rule, applies func(*Request) bool) Authz {
	a.instead, a.applies = instead, applies
	return a
}

// IsPublic tells whether everybody may do the operation.
func (a Authz) IsPublic() bool { return a.check == public }

// Others are the rules that an operation may ask beside Rule.
func (a Authz) Others() []policy.Rule {
	if a.applies == nil {
		return a.Also
	}
	return append([]policy.Rule{a.instead}, a.Also...)
}

// asks tells whether a handler may ask a rule.
func (a Authz) asks(rule policy.Rule) bool { return slices.Contains(a.Also, rule) }

// ruleOf is the rule that guards a request.
func (a Authz) ruleOf(r *Request) policy.Rule {
	if a.applies != nil && a.applies(r) {
		return a.instead
	}
	return a.Rule
}

func (a Authz) String() string {
	switch a.check {
	case public:
		return "public"
	case onResource:
		return string(a.Rule) + " (on the resource)"
	default:
		return string(a.Rule)
	}
}

// validateAuthz refuses what an application must not start with.
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

// undeclaredError is a rule that an operation asked, and that its row does not have.
func (r *Request) undeclaredError(rule policy.Rule) error {
	return fmt.Errorf("%s asks the rule %s, which its row does not declare", r.opName(), rule)
}
