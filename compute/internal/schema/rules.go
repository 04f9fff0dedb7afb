package schema

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

type typeRule struct{ names []string }

func (r typeRule) check(c *checker, _ *node, v any) {
	for _, name := range r.names {
		if c.isType(v, name) {
			return
		}
	}
	c.fail(v, func() string { return pyRepr(v) + " is not of type " + joinReprs(r.names) })
}

func (c *checker) isType(v any, name string) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case []any:
		return name == "array"
	case *Object:
		return name == "object"
	case json.Number:
		return name == "number" || name == "integer" && c.isInteger(numberOf(v))
	}
	return false
}

// isInteger is the "integer" of JSON schema. Since draft 6 it includes floats without a fraction.
func (c *checker) isInteger(n number) bool {
	return n.isInteger() && (!n.float || c.major >= draft2020)
}

type propertiesRule struct{ list []namedNode }

func (r propertiesRule) check(c *checker, _ *node, v any) {
	o, ok := v.(*Object)
	if !ok {
		return
	}
	for i := range r.list {
		if m, ok := o.Get(r.list[i].name); ok {
			if c.at(pathStep{key: r.list[i].name}, r.list[i].node, m); c.done() {
				return
			}
		}
	}
}

type patternPropertiesRule struct{}

func (patternPropertiesRule) check(c *checker, n *node, v any) {
	o, ok := v.(*Object)
	if !ok {
		return
	}
	for _, p := range n.patterns {
		for i, k := range o.keys {
			if !p.pattern.search(k) {
				continue
			}
			if c.at(pathStep{key: k}, p.node, o.vals[i]); c.done() {
				return
			}
		}
	}
}

type additionalRule struct{}

func (additionalRule) check(c *checker, n *node, v any) {
	o, ok := v.(*Object)
	if !ok || n.additional {
		return
	}
	var extra []string
	for _, k := range o.keys {
		if !n.known(k) {
			extra = append(extra, k)
		}
	}
	if len(extra) == 0 {
		return
	}
	if c.relaxed {
		relaxAdditional(c, n, o, extra)
		return
	}
	slices.Sort(extra)
	if len(n.patterns) > 0 {
		c.fail(v, func() string {
			verb := " do"
			if len(extra) == 1 {
				verb = " does"
			}
			var regexes []string
			for _, p := range n.patterns {
				regexes = append(regexes, p.pattern.text)
			}
			slices.Sort(regexes)
			return joinReprs(extra) + verb + " not match any of the regexes: " + joinReprs(regexes)
		})
		return
	}
	c.fail(v, func() string { return unexpected(extra) })
}

// relaxAdditional handles unknown properties for legacy v2. It deletes them, unless the object
// has no other properties (Nova then takes it for another alternative) or patterns define the
// known ones.
func relaxAdditional(c *checker, n *node, o *Object, extra []string) {
	if len(extra) == o.Len() && c.major >= otherAlternatives {
		return
	}
	if len(n.patterns) > 0 {
		c.fail(o, func() string { return unexpected(extra) })
		return
	}
	o.Delete(extra...)
}

func unexpected(extra []string) string {
	verb := "were"
	if len(extra) == 1 {
		verb = "was"
	}
	return "Additional properties are not allowed (" + joinReprs(extra) + " " + verb + " unexpected)"
}

// additionalItemsRule is "additionalItems": false beside a list of "items", in draft 4.
type additionalItemsRule struct{ after int }

func (r additionalItemsRule) check(c *checker, _ *node, v any) {
	l, ok := v.([]any)
	if !ok || len(l) <= r.after {
		return
	}
	c.fail(v, func() string {
		var reprs []string
		for _, e := range l[r.after:] {
			reprs = append(reprs, pyRepr(e))
		}
		verb := " were"
		if len(reprs) == 1 {
			verb = " was"
		}
		return "Additional items are not allowed (" + strings.Join(reprs, ", ") + verb + " unexpected)"
	})
}

// itemsRule checks the items after those of prefixItems.
type itemsRule struct {
	node *node
	of   *node
}

func (r *itemsRule) check(c *checker, _ *node, v any) {
	l, ok := v.([]any)
	if !ok {
		return
	}
	from := 0
	if p, ok := r.of.source.Get("prefixItems"); ok {
		from = len(listOf(p))
	}
	for i := from; i < len(l); i++ {
		if c.at(pathStep{index: i, list: true}, r.node, l[i]); c.done() {
			return
		}
	}
}

type prefixItemsRule []*node

func (r prefixItemsRule) check(c *checker, _ *node, v any) {
	l, ok := v.([]any)
	if !ok {
		return
	}
	for i := 0; i < len(r) && i < len(l); i++ {
		if c.at(pathStep{index: i, list: true}, r[i], l[i]); c.done() {
			return
		}
	}
}

type allOfRule []*node

func (r allOfRule) check(c *checker, _ *node, v any) {
	for _, sub := range r {
		if c.walk(sub, v); c.done() {
			return
		}
	}
}

type anyOfRule []*node

func (r anyOfRule) check(c *checker, _ *node, v any) {
	for _, sub := range r {
		if c.accepts(sub, v, true) {
			return
		}
	}
	c.fail(v, func() string { return pyRepr(v) + underNone })
}

const underNone = " is not valid under any of the given schemas"

type oneOfRule []*node

func (r oneOfRule) check(c *checker, _ *node, v any) {
	first := slices.IndexFunc(r, func(sub *node) bool { return c.accepts(sub, v, true) })
	if first < 0 {
		c.fail(v, func() string { return pyRepr(v) + underNone })
		return
	}
	var more []*node
	for _, sub := range r[first+1:] {
		if c.accepts(sub, v, false) {
			more = append(more, sub)
		}
	}
	if len(more) == 0 {
		return
	}
	c.fail(v, func() string {
		var reprs []string
		for _, sub := range append(more, r[first]) {
			reprs = append(reprs, pyRepr(sub.source))
		}
		return pyRepr(v) + " is valid under each of " + strings.Join(reprs, ", ")
	})
}

type patternRule struct{ pattern *pattern }

func (r patternRule) check(c *checker, _ *node, v any) {
	if s, ok := v.(string); ok && !r.pattern.search(s) {
		c.fail(v, func() string { return pyRepr(s) + " does not match " + pyRepr(r.pattern.text) })
	}
}

type formatRule struct {
	format string
	ok     func(string) bool
}

func (r formatRule) check(c *checker, _ *node, v any) {
	s, ok := v.(string)
	if !ok || r.ok(s) {
		return
	}
	before := c.failed
	c.fail(v, func() string { return pyRepr(v) + " is not a " + pyRepr(r.format) })
	if r.format == "base64" && !before && !c.trial {
		c.first.exception = base64Exception(s)
	}
}

// nameFormatRule also rejects values that are not strings.
type nameFormatRule struct {
	format string
	rule   nameRule
	set    printable
}

func (r nameFormatRule) check(c *checker, _ *node, v any) {
	if s, ok := v.(string); ok && r.rule.ok(r.set, s) {
		return
	}
	before := c.failed
	c.fail(v, func() string { return pyRepr(v) + " is not a " + pyRepr(r.format) })
	if !before && !c.trial {
		c.first.reason = r.rule.reason
	}
}

type enumRule struct {
	values  []any
	strings map[string]bool
	canon   map[string]bool
}

func newEnumRule(values []any) enumRule {
	r := enumRule{values: values, strings: map[string]bool{}, canon: map[string]bool{}}
	for _, v := range values {
		if s, ok := v.(string); ok {
			r.strings[s] = true
		} else {
			r.canon[canon(v)] = true
		}
	}
	return r
}

func (r enumRule) check(c *checker, _ *node, v any) {
	s, isString := v.(string)
	if isString && r.strings[s] || !isString && len(r.canon) > 0 && r.canon[canon(v)] {
		return
	}
	c.fail(v, func() string { return pyRepr(v) + " is not one of " + pyRepr(r.values) })
}

type requiredRule []string

func (r requiredRule) check(c *checker, _ *node, v any) {
	o, ok := v.(*Object)
	if !ok {
		return
	}
	for _, name := range r {
		if _, ok := o.Get(name); !ok {
			if c.fail(v, func() string { return pyRepr(name) + " is a required property" }); c.done() {
				return
			}
		}
	}
}

type uniqueRule struct{}

func (uniqueRule) check(c *checker, _ *node, v any) {
	l, ok := v.([]any)
	if !ok {
		return
	}
	seen := make(map[string]bool, len(l))
	for _, e := range l {
		k := canon(e)
		if seen[k] {
			c.fail(v, func() string { return pyRepr(v) + " has non-unique elements" })
			return
		}
		seen[k] = true
	}
}

// canon returns the same text for values that jsonschema treats as equal: 1 and 1.0, but not 1
// and True.
func canon(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case json.Number:
		return numberOf(v).canon()
	case []any:
		var b strings.Builder
		for _, e := range v {
			b.WriteString(canon(e))
			b.WriteByte(',')
		}
		return "[" + b.String() + "]"
	case *Object:
		members := make([]string, 0, v.Len())
		for k, e := range v.All() {
			members = append(members, strconv.Quote(k)+":"+canon(e))
		}
		slices.Sort(members)
		return "{" + strings.Join(members, ",") + "}"
	}
	return pyRepr(v)
}

// boundRule is minimum (sign -1) or maximum (sign 1), with Nova's extension to strings.
type boundRule struct {
	limit number
	sign  int
	words string
	// or also rejects the bound: "exclusiveMinimum": true of draft 4.
	or bool
}

func (r boundRule) check(c *checker, _ *node, v any) {
	n, ok := looseNumber(v)
	if !ok {
		return
	}
	if cmp, ok := n.cmp(r.limit); ok && (cmp == r.sign || r.or && cmp == 0) {
		c.fail(v, func() string { return n.repr() + r.words + r.limit.repr() })
	}
}

type exclusiveMinimumRule struct{ limit number }

func (r exclusiveMinimumRule) check(c *checker, _ *node, v any) {
	num, ok := v.(json.Number)
	if !ok {
		return
	}
	n := numberOf(num)
	if cmp, ok := n.cmp(r.limit); ok && cmp <= 0 {
		c.fail(v, func() string {
			return n.repr() + " is less than or equal to the minimum of " + r.limit.repr()
		})
	}
}

type sizeOf string

const (
	sizeLength     sizeOf = "Length"
	sizeItems      sizeOf = "Items"
	sizeProperties sizeOf = "Properties"
)

// sizeRule is minLength, maxLength, minItems and similar keywords.
type sizeRule struct {
	what sizeOf
	n    int
	min  bool
}

func (r sizeRule) check(c *checker, _ *node, v any) {
	size := -1
	switch v := v.(type) {
	case string:
		if r.what == sizeLength {
			size = Length(v)
		}
	case []any:
		if r.what == sizeItems {
			size = len(v)
		}
	case *Object:
		if r.what == sizeProperties {
			size = v.Len()
		}
	}
	if size < 0 || r.min && size >= r.n || !r.min && size <= r.n {
		return
	}
	c.fail(v, func() string { return pyRepr(v) + r.words() })
}

func (r sizeRule) words() string {
	switch {
	case r.min && r.n == 1:
		return " should be non-empty"
	case !r.min && r.n == 0:
		return " is expected to be empty"
	case r.min && r.what == sizeProperties:
		return " does not have enough properties"
	case r.what == sizeProperties:
		return " has too many properties"
	case r.min:
		return " is too short"
	}
	return " is too long"
}
