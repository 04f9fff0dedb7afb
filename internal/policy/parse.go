package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/pytext"
)

// The kinds of tokens of the policy language.
type tokenKind int

const (
	tokCheck tokenKind = iota
	tokAnd
	tokOr
	tokNot
	tokLeft
	tokRight
	tokString // a quoted word, which no rule can use
	tokAndExpr
	tokOrExpr
)

type token struct {
	kind  tokenKind
	check check
}

// parser has the data that checks need in addition to their text.
type parser struct {
	remote *remote
	log    func(string)
}

// rule parses a rule in the policy language. Like oslo.policy it converts an invalid rule to
// one that denies everybody, and logs it.
func (p *parser) rule(text string) check {
	if text == "" {
		return constCheck(true)
	}
	var stack []token
	for _, t := range p.tokens(text) {
		stack = reduce(append(stack, t))
	}
	if len(stack) != 1 || stack[0].check == nil {
		p.log(fmt.Sprintf("Failed to understand rule %s", text))
		return constCheck(false)
	}
	return stack[0].check
}

// list parses rules in the legacy format: a list of alternatives, each a check or a list of
// checks that must all pass.
func (p *parser) list(alternatives [][]string) check {
	if len(alternatives) == 0 {
		return constCheck(true)
	}
	var or orCheck
	for _, all := range alternatives {
		var and andCheck
		for _, text := range all {
			and = append(and, p.check(text))
		}
		switch len(and) {
		case 0:
		case 1:
			or = append(or, and[0])
		default:
			or = append(or, and)
		}
	}
	switch len(or) {
	case 0:
		return constCheck(false)
	case 1:
		return or[0]
	}
	return or
}

// tokens splits a text at blanks. Parentheses are tokens only at the ends of a word, because
// %(key)s contains parentheses.
func (p *parser) tokens(text string) []token {
	var out []token
	for _, word := range strings.FieldsFunc(text, pytext.IsSpace) {
		clean := strings.TrimLeft(word, "(")
		for range len(word) - len(clean) {
			out = append(out, token{kind: tokLeft})
		}
		if word = clean; word == "" {
			continue
		}
		clean = strings.TrimRight(word, ")")
		switch strings.ToLower(clean) {
		case "and":
			out = append(out, token{kind: tokAnd})
		case "or":
			out = append(out, token{kind: tokOr})
		case "not":
			out = append(out, token{kind: tokNot})
		case "":
		default:
			if first, last := word[0], word[len(word)-1]; len(word) >= 2 && first == last &&
				(first == '"' || first == '\'') {
				out = append(out, token{kind: tokString})
			} else {
				out = append(out, token{kind: tokCheck, check: p.check(clean)})
			}
		}
		for range len(word) - len(clean) {
			out = append(out, token{kind: tokRight})
		}
	}
	return out
}

// reduce replaces the end of the stack while it forms an expression. "and" has a higher
// precedence than "or".
func reduce(stack []token) []token {
	for {
		n := len(stack)
		if n >= 3 {
			if t, ok := reduce3(stack[n-3], stack[n-2], stack[n-1]); ok {
				stack = append(stack[:n-3], t)
				continue
			}
		}
		if n >= 2 && stack[n-2].kind == tokNot && stack[n-1].kind == tokCheck {
			stack = append(stack[:n-2], token{tokCheck, notCheck{stack[n-1].check}})
			continue
		}
		return stack
	}
}

func reduce3(a, op, b token) (token, bool) {
	if a.kind == tokLeft && b.kind == tokRight {
		switch op.kind {
		case tokCheck, tokAndExpr, tokOrExpr:
			return token{tokCheck, op.check}, true
		}
		return token{}, false
	}
	if b.kind != tokCheck {
		return token{}, false
	}
	switch {
	case op.kind == tokAnd && a.kind == tokCheck:
		return token{tokAndExpr, andCheck{a.check, b.check}}, true
	case op.kind == tokAnd && a.kind == tokAndExpr:
		return token{tokAndExpr, append(a.check.(andCheck), b.check)}, true
	case op.kind == tokAnd && a.kind == tokOrExpr:
		or := a.check.(orCheck)
		last := len(or) - 1
		if and, ok := or[last].(andCheck); ok {
			or[last] = append(and, b.check)
		} else {
			or[last] = andCheck{or[last], b.check}
		}
		return token{tokOrExpr, or}, true
	case op.kind == tokOr && (a.kind == tokCheck || a.kind == tokAndExpr):
		return token{tokOrExpr, orCheck{a.check, b.check}}, true
	case op.kind == tokOr && a.kind == tokOrExpr:
		return token{tokOrExpr, append(a.check.(orCheck), b.check)}, true
	}
	return token{}, false
}

// check parses "kind:match", "@" or "!".
func (p *parser) check(text string) check {
	switch text {
	case "@":
		return constCheck(true)
	case "!":
		return constCheck(false)
	}
	kind, match, ok := strings.Cut(text, ":")
	if !ok {
		p.log(fmt.Sprintf("Failed to understand rule %s", text))
		return constCheck(false)
	}
	switch kind {
	case "rule":
		return ruleCheck{Rule(match)}
	case "role":
		t := newTemplate(match)
		fixed, _ := t.constant()
		return roleCheck{match: t, fixed: fixed}
	case "is_admin":
		return isAdminCheck(strings.EqualFold(match, "true"))
	case "http", "https":
		return httpCheck{scheme: kind, match: newTemplate(match), remote: p.remote}
	}
	t := newTemplate(match)
	if value, ok := parseLiteral(kind); ok {
		return literalCheck{kind: kind, value: value, match: t}
	}
	return credCheck{kind: kind, get: credentialNamed(kind), match: t}
}

// parseLiteral parses the left side of a check as a Python literal, and returns it as Python prints
// it.
func parseLiteral(s string) (string, bool) {
	switch s {
	case pyNone, "True", "False":
		return s, true
	}
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		body := s[1 : len(s)-1]
		return body, strings.IndexByte(body, s[0]) < 0 && strings.IndexByte(body, '\\') < 0
	}
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	if digits[0] == '0' && strings.Trim(digits, "0") != "" {
		return "", false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return s, true
	}
	return strconv.FormatInt(n, 10), true
}
