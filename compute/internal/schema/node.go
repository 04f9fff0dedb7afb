package schema

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nova-go/nova/internal/pytext"
)

// node is a compiled schema with its keywords in their order in the schema, which is the order
// of their errors.
type node struct {
	rules []rule
	// These fields are used by several keywords.
	properties map[string]*node
	patterns   []patternProperty
	// additional is the value of additionalProperties, true by default.
	additional bool
	// source is Nova's schema, for messages that contain it.
	source *Object
}

type patternProperty struct {
	pattern *pattern
	node    *node
}

// rule is one keyword. It reports errors of v to the checker.
type rule interface {
	check(c *checker, n *node, v any)
}

// compile compiles a decoded schema.
func (c *catalog) compile(v any) (*node, error) {
	o, ok := v.(*Object)
	if !ok {
		return nil, fmt.Errorf("a schema has to be an object, not %s", pyRepr(v))
	}
	if n, ok, err := c.sharedFor(o); ok {
		return n, err
	}
	n := &node{additional: true, source: &Object{}}
	for i, key := range o.keys {
		r, src, err := c.keyword(n, o, key, o.vals[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		n.source.Set(key, src)
		if r != nil {
			n.rules = append(n.rules, r)
		}
	}
	return n, nil
}

// keyword compiles one keyword of o. It also returns the keyword's value with all references
// resolved, in the form that Nova's messages contain.
func (c *catalog) keyword(n *node, o *Object, key string, v any) (rule, any, error) {
	switch key {
	case "type":
		t := typeRule{}
		for _, name := range listOf(v) {
			t.names = append(t.names, pyStr(name))
		}
		return t, v, nil
	case "properties":
		named, src, err := c.compileMap(v)
		if err != nil {
			return nil, nil, err
		}
		r := propertiesRule{}
		n.properties = make(map[string]*node, len(named))
		for _, p := range named {
			n.properties[p.name] = p.node
			r.list = append(r.list, p)
		}
		return r, src, nil
	case "patternProperties":
		named, src, err := c.compileMap(v)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range named {
			pat, err := c.patternFor(p.name)
			if err != nil {
				return nil, nil, err
			}
			n.patterns = append(n.patterns, patternProperty{pat, p.node})
		}
		return patternPropertiesRule{}, src, nil
	case "additionalProperties":
		_, isSchema := v.(*Object) // in answers; what it says is not checked
		n.additional = v == true || isSchema
		return additionalRule{}, v, nil
	case "items":
		if _, isList := v.([]any); isList { // draft 4's prefixItems
			list, src, err := c.compileList(v)
			return prefixItemsRule(list), src, err
		}
		sub, err := c.compile(v)
		if err != nil {
			return nil, nil, err
		}
		return &itemsRule{node: sub, of: n}, sub.source, nil
	case "prefixItems", "oneOf", "anyOf", "allOf":
		list, src, err := c.compileList(v)
		if err != nil {
			return nil, nil, err
		}
		switch key {
		case "prefixItems":
			return prefixItemsRule(list), src, nil
		case "oneOf":
			return oneOfRule(list), src, nil
		case "anyOf":
			return anyOfRule(list), src, nil
		}
		return allOfRule(list), src, nil
	case "pattern":
		p, err := c.patternFor(pyStr(v))
		if err != nil {
			return nil, nil, err
		}
		return patternRule{p}, p.text, nil
	case "format":
		r, err := c.formatRule(pyStr(v))
		return r, v, err
	case "const":
		return newEnumRule([]any{v}), v, nil
	case "enum":
		return newEnumRule(listOf(v)), v, nil
	case "required":
		r := requiredRule{}
		for _, name := range listOf(v) {
			r = append(r, pyStr(name))
		}
		return r, v, nil
	case "uniqueItems":
		if v == true {
			return uniqueRule{}, v, nil
		}
		return nil, v, nil
	case "additionalItems": // without effect in draft 2020-12, which has no lists of items
		if items, ok := o.Get("items"); ok && v == false {
			if list, isList := items.([]any); isList {
				return additionalItemsRule{len(list)}, v, nil
			}
		}
		return nil, v, nil
	case "title":
		return nil, v, nil
	}
	if key == "exclusiveMinimum" && v == true { // draft 4; see minimum
		return nil, v, nil
	}
	num, ok := v.(json.Number)
	if !ok {
		return nil, nil, fmt.Errorf("unknown keyword, or not a number: %s", pyRepr(v))
	}
	limit := numberOf(num)
	switch key {
	case "minimum":
		if exclusive, _ := o.Get("exclusiveMinimum"); exclusive == true {
			return boundRule{limit: limit, sign: -1, or: true, words: " is less than or equal to the minimum of "}, v, nil
		}
		return boundRule{limit: limit, sign: -1, words: " is less than the minimum of "}, v, nil
	case "maximum":
		return boundRule{limit: limit, sign: 1, words: " is greater than the maximum of "}, v, nil
	case "exclusiveMinimum":
		return exclusiveMinimumRule{limit}, v, nil
	}
	size := int(limit.i)
	for _, what := range []sizeOf{sizeLength, sizeItems, sizeProperties} {
		switch {
		case key == "min"+string(what):
			return sizeRule{what: what, n: size, min: true}, v, nil
		case key == "max"+string(what):
			return sizeRule{what: what, n: size}, v, nil
		}
	}
	return nil, nil, fmt.Errorf("unknown keyword")
}

func (c *catalog) formatRule(name string) (rule, error) {
	if r, ok := nameRules[name]; ok {
		p, err := c.printable()
		return nameFormatRule{format: name, rule: r, set: p}, err
	}
	if check, ok := formats[name]; ok {
		return formatRule{format: name, ok: check}, nil
	}
	if c.answers {
		return nil, nil
	}
	return nil, fmt.Errorf("unknown format %q", name)
}

// namedNode is a member of properties or patternProperties.
type namedNode struct {
	name string
	node *node
}

func (c *catalog) compileMap(v any) ([]namedNode, *Object, error) {
	o, ok := v.(*Object)
	if !ok {
		return nil, nil, fmt.Errorf("an object expected, not %s", pyRepr(v))
	}
	list, src := make([]namedNode, 0, o.Len()), &Object{}
	for name, sub := range o.All() {
		n, err := c.compile(sub)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, namedNode{name, n})
		src.Set(name, n.source)
	}
	return list, src, nil
}

func (c *catalog) compileList(v any) ([]*node, []any, error) {
	var list []*node
	var src []any
	for i, sub := range listOf(v) {
		n, err := c.compile(sub)
		if err != nil {
			return nil, nil, fmt.Errorf("%d: %w", i, err)
		}
		list, src = append(list, n), append(src, n.source)
	}
	return list, src, nil
}

// listOf returns v if it is a list, otherwise a list of v.
func listOf(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

// known reports whether properties or patternProperties contain a member.
func (n *node) known(key string) bool {
	if _, ok := n.properties[key]; ok {
		return true
	}
	for _, p := range n.patterns {
		if p.pattern.search(key) {
			return true
		}
	}
	return false
}

// joinReprs joins strings in the form of the messages.
func joinReprs(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(pytext.Repr(w))
	}
	return b.String()
}
