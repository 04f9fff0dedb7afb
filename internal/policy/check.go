package policy

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/reqctx"
)

// maxDepth ends the evaluation of rules that refer to each other in a cycle.
const maxDepth = 50

// evaluation is the input of an evaluation. It is passed by value to avoid an allocation.
type evaluation struct {
	cred   *reqctx.Caller
	target Target
	rule   Rule // the evaluated rule
	depth  int
}

// check is a node of a rule's tree. String returns its canonical form in oslo.policy's syntax.
// An error reports a failed request to a policy service; it ends the evaluation of the whole
// rule.
type check interface {
	allows(s *ruleset, a evaluation) (bool, error)
	String() string
}

type constCheck bool

func (k constCheck) allows(*ruleset, evaluation) (bool, error) { return bool(k), nil }

func (k constCheck) String() string {
	if k {
		return "@"
	}
	return "!"
}

type notCheck struct{ sub check }

func (k notCheck) allows(s *ruleset, a evaluation) (bool, error) {
	ok, err := k.sub.allows(s, a)
	return !ok && err == nil, err
}

func (k notCheck) String() string { return "not " + k.sub.String() }

type andCheck []check

func (k andCheck) allows(s *ruleset, a evaluation) (bool, error) {
	for _, sub := range k {
		if ok, err := sub.allows(s, a); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (k andCheck) String() string { return "(" + joinChecks(k, " and ") + ")" }

type orCheck []check

func (k orCheck) allows(s *ruleset, a evaluation) (bool, error) {
	for _, sub := range k {
		if ok, err := sub.allows(s, a); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (k orCheck) String() string { return "(" + joinChecks(k, " or ") + ")" }

func joinChecks(list []check, sep string) string {
	words := make([]string, len(list))
	for i, sub := range list {
		words[i] = sub.String()
	}
	return strings.Join(words, sep)
}

// ruleCheck is "rule:name"; an unknown rule denies.
type ruleCheck struct{ name Rule }

func (k ruleCheck) allows(s *ruleset, a evaluation) (bool, error) {
	a.depth++
	sub := s.find(k.name)
	if sub == nil || a.depth > maxDepth {
		return false, nil
	}
	return sub.allows(s, a)
}

func (k ruleCheck) String() string { return "rule:" + string(k.name) }

// roleCheck is "role:name", compared without case.
type roleCheck struct {
	match template
	fixed string // the role, if it does not depend on the target
}

func (k roleCheck) allows(_ *ruleset, a evaluation) (bool, error) {
	want := k.fixed
	if want == "" {
		var ok bool
		if want, ok = k.match.fill(&a.target); !ok {
			return false, nil
		}
	}
	for _, role := range a.cred.Roles {
		if role == want || strings.EqualFold(role, want) {
			return true, nil
		}
	}
	return false, nil
}

func (k roleCheck) String() string { return "role:" + k.match.text }

// isAdminCheck is Nova's "is_admin:True".
type isAdminCheck bool

func (k isAdminCheck) allows(_ *ruleset, a evaluation) (bool, error) {
	return a.cred.IsAdmin == bool(k), nil
}

func (k isAdminCheck) String() string {
	if k {
		return "is_admin:True"
	}
	return "is_admin:False"
}

// literalCheck is "'word':%(key)s", "None:...", "True:..." or "1:...".
type literalCheck struct {
	kind  string // as written
	value string // formatted as Python prints it
	match template
}

func (k literalCheck) allows(_ *ruleset, a evaluation) (bool, error) {
	want, ok := k.match.fill(&a.target)
	return ok && want == k.value, nil
}

func (k literalCheck) String() string { return k.kind + ":" + k.match.text }

// credCheck compares an attribute of the token: "project_id:%(project_id)s".
type credCheck struct {
	kind  string
	get   credential
	match template
}

func (k credCheck) allows(_ *ruleset, a evaluation) (bool, error) {
	want, ok := k.match.fill(&a.target)
	return ok && k.get != nil && k.get(a.cred, want), nil
}

func (k credCheck) String() string { return k.kind + ":" + k.match.text }

// credential reports whether an attribute of the token, or one of its values, equals want.
type credential func(c *reqctx.Caller, want string) bool

// credentialNamed returns the attribute with the name that Nova passes to oslo.policy; nil if
// tokens have no such attribute. Attributes have no nested values, so that a name with a dot
// never exists.
func credentialNamed(name string) credential {
	text := func(get func(*reqctx.Caller) string) credential {
		return func(c *reqctx.Caller, want string) bool {
			v := get(c)
			return v == want && v != "" || v == "" && want == pyNone
		}
	}
	flag := func(get func(*reqctx.Caller) bool) credential {
		return func(c *reqctx.Caller, want string) bool {
			return get(c) && want == "True" || !get(c) && want == "False"
		}
	}
	list := func(get func(*reqctx.Caller) []string) credential {
		return func(c *reqctx.Caller, want string) bool {
			return slices.Contains(get(c), want)
		}
	}
	switch name {
	case "user_id":
		return text(func(c *reqctx.Caller) string { return c.UserID })
	case "user_domain_id":
		return text(func(c *reqctx.Caller) string { return c.UserDomainID })
	case "system_scope":
		return text(func(c *reqctx.Caller) string { return c.SystemScope })
	case "system": // exists only in system-scoped tokens
		return func(c *reqctx.Caller, want string) bool {
			return c.SystemScope != "" && c.SystemScope == want
		}
	case "domain_id":
		return text(func(c *reqctx.Caller) string { return c.DomainID })
	case "project_id":
		return text(func(c *reqctx.Caller) string { return c.ProjectID })
	case "project_domain_id":
		return text(func(c *reqctx.Caller) string { return c.ProjectDomainID })
	case "roles":
		return list(func(c *reqctx.Caller) []string { return c.Roles })
	case "is_admin_project":
		return flag(func(c *reqctx.Caller) bool { return c.IsAdminProject })
	case "service_user_id":
		return text(func(c *reqctx.Caller) string { return c.ServiceUserID })
	case "service_user_domain_id":
		return text(func(c *reqctx.Caller) string { return c.ServiceUserDomainID })
	case "service_project_id":
		return text(func(c *reqctx.Caller) string { return c.ServiceProjectID })
	case "service_project_domain_id":
		return text(func(c *reqctx.Caller) string { return c.ServiceProjectDomainID })
	case "service_roles":
		return list(func(c *reqctx.Caller) []string { return c.ServiceRoles })
	}
	return nil
}
