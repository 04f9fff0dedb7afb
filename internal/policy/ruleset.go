package policy

import (
	"fmt"
	"maps"
	"strings"
)

// ruleset contains all rules after one load. It is immutable.
type ruleset struct {
	rules map[Rule]check
	// registered are the token scopes of Nova's rules.
	registered map[Rule][]string
	// fallback is evaluated for an unknown rule; nil denies.
	fallback check
	// unknown are the operator's rules without an effect.
	unknown []UnknownRule
	// seen is the state of the files, for the detection of changes.
	seen []source
}

func (s *ruleset) find(r Rule) check {
	if c, ok := s.rules[r]; ok {
		return c
	}
	return s.fallback
}

// load reads the operator's files and adds Nova's defaults.
func (e *Enforcer) load() (*ruleset, error) {
	// The state of the files is read first, so that a change during the load is detected by the
	// next check.
	_, seen, err := sources(e.opts.File, e.opts.Dirs)
	if err != nil {
		return nil, err
	}
	file, err := e.parser.readFiles(e.opts.File, e.opts.Dirs)
	if err != nil {
		return nil, err
	}
	s := &ruleset{rules: make(map[Rule]check, len(e.defaults)+len(file)), seen: seen,
		registered: make(map[Rule][]string, len(e.defaults))}
	own := make(map[Rule]check, len(file))
	for _, r := range file {
		own[r.name] = r.check
	}
	maps.Copy(s.rules, own)
	var redundant []Rule
	for _, d := range e.defaults {
		s.registered[d.Name] = d.Scopes
		c := e.parser.rule(d.Check)
		override, overridden := own[d.Name]
		if overridden {
			if d.RemovalSince != "" {
				e.log(fmt.Sprintf("Policy %q:%q was deprecated for removal in %s. Its value may be silently "+
					"ignored in the future.", d.Name, d.Check, d.RemovalSince))
			}
			if override.String() == c.String() {
				redundant = append(redundant, d.Name)
			}
			continue
		}
		if d.Deprecated != nil {
			c = e.deprecated(d, c, own)
		}
		s.rules[d.Name] = c
	}
	s.fallback = s.rules[Rule(e.opts.DefaultRule)]
	if len(redundant) > 0 {
		e.log("Policy Rules " + sortedNames(redundant) + " specified in policy files are the same as the " +
			"defaults provided by the service. You can remove these rules from policy files.")
	}
	e.warnUserBased(file)
	e.warnReferences(s)
	s.unknown = e.unknownRules(s, file)
	return s, nil
}

// unknownRules returns the rules of the files that are called as Nova's, but are neither rules of the release, nor former names
// of them, nor used by another rule.
func (e *Enforcer) unknownRules(s *ruleset, file []fileRule) []UnknownRule {
	used := map[Rule]bool{}
	for _, d := range e.defaults {
		used[d.Name] = true
		if d.Deprecated != nil {
			used[d.Deprecated.Name] = true
		}
	}
	for name, c := range s.rules {
		markReferences(used, name, c)
	}
	var out []UnknownRule
	for _, r := range file {
		if strings.HasPrefix(string(r.name), "os_compute_api:") && !used[r.name] {
			out = append(out, UnknownRule{Rule: r.name, File: r.file, Line: r.line})
		}
	}
	return out
}

// markReferences adds the rules to which the check of a rule refers, without the rule itself.
func markReferences(used map[Rule]bool, of Rule, c check) {
	if r, ok := c.(ruleCheck); ok && r.name != of {
		used[r.name] = true
	}
	for _, sub := range subChecks(c) {
		markReferences(used, of, sub)
	}
}

// deprecated returns the check of a rule with a deprecated form that the operator has not
// overridden.
func (e *Enforcer) deprecated(d Default, c check, own map[Rule]check) check {
	old := e.parser.rule(d.Deprecated.Check)
	if d.Deprecated.Name != d.Name {
		if set, ok := own[d.Deprecated.Name]; ok {
			e.log(fmt.Sprintf("Policy %q:%q was deprecated in %s in favor of %q:%q. Either ensure your deployment "+
				"is ready for the new default or copy/paste the deprecated policy into your policy file and "+
				"maintain it manually.", d.Deprecated.Name, d.Deprecated.Check, d.Deprecated.Since, d.Name, d.Check))
			// An override of the old name applies to the new one, unless it equals the default
			// or refers to the new name.
			if set.String() != old.String() && set.String() != (ruleCheck{d.Name}).String() {
				return set
			}
		}
	}
	if !e.opts.EnforceNewDefaults && d.Deprecated.Check != d.Check {
		return orCheck{c, old}
	}
	return c
}

// warnUserBased logs a warning for rules with user_id, which Nova supports only for key pairs.
func (e *Enforcer) warnUserBased(file []fileRule) {
	for _, r := range file {
		if !strings.Contains(string(r.name), "os-keypairs") && strings.Contains(r.check.String(), "%(user_id)s") {
			e.log(fmt.Sprintf("The user_id attribute isn't supported in the rule '%s'. All the user_id based policy "+
				"enforcement will be removed in the future.", r.name))
		}
	}
}

// warnReferences logs a warning for rules that refer to unknown rules or to themselves.
func (e *Enforcer) warnReferences(s *ruleset) {
	var undefined, cyclic []Rule
	for name, c := range s.rules {
		if refersToNothing(s, c) {
			undefined = append(undefined, name)
		}
		if cycles(s, c, nil) {
			cyclic = append(cyclic, name)
		}
	}
	if len(undefined) > 0 {
		e.log("Policies " + sortedNames(undefined) + " reference a rule that is not defined.")
	}
	if len(cyclic) > 0 {
		e.log("Policies " + sortedNames(cyclic) + " are part of a cyclical reference.")
	}
}

// subChecks returns the direct sub-checks of a check.
func subChecks(c check) []check {
	switch c := c.(type) {
	case andCheck:
		return c
	case orCheck:
		return c
	case notCheck:
		return []check{c.sub}
	}
	return nil
}

func refersToNothing(s *ruleset, c check) bool {
	if r, ok := c.(ruleCheck); ok {
		_, known := s.rules[r.name]
		return !known
	}
	for _, sub := range subChecks(c) {
		if refersToNothing(s, sub) {
			return true
		}
	}
	return false
}

// referenceChain is the path of references from the first rule.
type referenceChain struct {
	name Rule
	up   *referenceChain
}

func cycles(s *ruleset, c check, way *referenceChain) bool {
	if r, ok := c.(ruleCheck); ok {
		depth := 0
		for w := way; w != nil; w = w.up {
			if depth++; w.name == r.name || depth > maxDepth {
				return true
			}
		}
		next, known := s.rules[r.name]
		return known && cycles(s, next, &referenceChain{r.name, way})
	}
	for _, sub := range subChecks(c) {
		if cycles(s, sub, way) {
			return true
		}
	}
	return false
}
