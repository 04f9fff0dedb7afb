package policy

import (
	"fmt"

	"github.com/nova-go/nova/internal/reqctx"
)

// Rule is the name of a policy rule, as operators write it in policy.yaml.
type Rule string

// Default is a rule as Nova ships it.
type Default struct {
	Name  Rule
	Check string
	// Scopes are the token scopes that may use the rule ("project"); none means
	// any.
	Scopes []string
	// Deprecated is what the rule replaces: its former name or former check.
	Deprecated *Deprecated
	// RemovalSince is the release that announced the rule's removal, or "".
	RemovalSince string
}

// Deprecated is the former form of a rule. Where its Name is another one, an
// operator's override of that name still holds; unless new defaults are
// enforced, whom the former Check allows stays allowed.
type Deprecated struct {
	Name  Rule
	Check string
	Since string // release, or "" where Nova names none
}

// Defaults lists Nova's rules: base rules first.
func Defaults() []Default {
	var out []Default
	for _, r := range baseRules() {
		out = append(out, Default{Name: r.name, Check: r.check, Deprecated: r.old, RemovalSince: r.removal})
	}
	for _, table := range [][]row{serverRules(), instanceRules(), resourceRules()} {
		for _, r := range table {
			out = append(out, Default{Name: r.name, Check: r.check, Scopes: []string{scopeProject},
				Deprecated: r.old, RemovalSince: r.removal})
		}
	}
	return out
}

// Target is what an operation works on. The zero value is Nova's empty target:
// rules that compare with it then fail.
type Target struct {
	ProjectID string // "" for none
	UserID    string // "" for none
	// Extra are further attributes, by the name that rules use for them.
	Extra map[string]string
	// null makes empty IDs equal to those of a token without them.
	null bool
}

// Own is the target of operations on nothing in particular: the caller's own
// project and user. Nova uses it where it names no target. Unlike in other
// targets, a missing project equals the missing project of the token.
func Own(c *reqctx.Caller) Target {
	return Target{ProjectID: c.ProjectID, UserID: c.UserID, null: true}
}

// pyNone is how Python prints the None that stands for a missing ID.
const pyNone = "None"

// value is the attribute that a rule calls name.
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

// Forbidden is the answer of a policy that does not allow an operation.
type Forbidden struct{ Rule Rule }

// Error is the text that Nova's clients see.
func (e *Forbidden) Error() string {
	return fmt.Sprintf("Policy doesn't allow %s to be performed.", string(e.Rule))
}

// NotRegistered is the answer to a rule that Nova does not have: a mistake of
// the caller, and a 500 to clients.
type NotRegistered struct{ Rule Rule }

func (e *NotRegistered) Error() string {
	return fmt.Sprintf("Policy %s has not been registered", string(e.Rule))
}

// Scopes of tokens.
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
