package policy

import (
	"fmt"

	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// Rule is the name of a policy rule, as operators write it in policy.yaml.
type Rule string

// Default is one of Nova's rules with its default.
type Default struct {
	Name  Rule
	Check string
	// Scopes are the token scopes that the rule accepts ("project"); none means any.
	Scopes []string
	// Deprecated is the former name or the former check of the rule.
	Deprecated *Deprecated
	// RemovalSince is the release that announced the rule's removal, or "".
	RemovalSince string
}

// Deprecated is the former form of a rule. If its Name differs, an operator's override of that
// name is still used. Unless new defaults are enforced, the rule also allows what the former
// Check allows.
type Deprecated struct {
	Name  Rule
	Check string
	Since string // a release; "" if Nova names none
}

// Defaults lists Nova's rules as a release has them, base rules first.
func Defaults(r release.Release) []Default {
	var out []Default
	add := func(row ruleRow, scopes ...string) {
		d, ok := Default{Name: row.name, Check: row.check, Scopes: scopes, Deprecated: row.old, RemovalSince: row.removal}.in(r)
		if ok {
			out = append(out, d)
		}
	}
	for _, row := range baseRules() {
		add(row)
	}
	for _, table := range [][]ruleRow{serverRules(), instanceRules(), resourceRules()} {
		for _, row := range table {
			add(row, scopeProject)
		}
	}
	return out
}

// Target is the object of an operation. The zero value is Nova's empty target, for which
// comparisons with target attributes fail.
type Target struct {
	ProjectID string // "" for none
	UserID    string // "" for none
	// Extra are further attributes by the name in rules.
	Extra map[string]string
	// null makes empty IDs equal to those of a token without such an ID.
	null bool
}

// Own returns the target of operations without an object: the caller's own project and user.
// Nova uses it if a controller passes no target. Unlike in other targets, a missing project
// equals a missing project of the token.
func Own(c *reqctx.Caller) Target {
	return Target{ProjectID: c.ProjectID, UserID: c.UserID, null: true}
}

// pyNone is Python's text of None, which represents a missing ID.
const pyNone = "None"

// value returns the attribute with a name.
func (t *Target) value(name string) (string, bool) {
	v := ""
	switch name {
	case "project_id":
		v = t.ProjectID
	case "user_id":
		v = t.UserID
	default:
		v, ok := t.Extra[name]
		return v, ok
	}
	if v == "" {
		return pyNone, t.null
	}
	return v, true
}

// Forbidden reports a denied operation.
type Forbidden struct{ Rule Rule }

// Error returns the text of Nova's answers.
func (e *Forbidden) Error() string {
	return fmt.Sprintf("Policy doesn't allow %s to be performed.", string(e.Rule))
}

// NotRegistered reports a rule that Nova does not have. It is a programming error, which
// clients see as a 500.
type NotRegistered struct{ Rule Rule }

func (e *NotRegistered) Error() string {
	return fmt.Sprintf("Policy %s has not been registered", string(e.Rule))
}

// The scopes of tokens.
const (
	scopeSystem  = "system"
	scopeDomain  = "domain"
	scopeProject = "project"
)

func scopeOf(c *reqctx.Caller) string {
	switch {
	case c.SystemScope != "":
		return scopeSystem
	case c.DomainID != "":
		return scopeDomain
	}
	return scopeProject
}
