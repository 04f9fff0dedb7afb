package schema

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// ParseQuery parses a query string as Nova's web framework does: parameters are separated by
// "&" or ";", an invalid percent escape is kept (for "%1" see escapedByte), and a parameter without "=" has an empty
// value. It returns an *Error for invalid UTF-8.
func ParseQuery(raw string) (url.Values, error) {
	o, err := parseQuery(raw)
	if err != nil {
		return nil, err
	}
	return o.values(), nil
}

// CheckQuery parses a query string and checks it. It returns an *Error if the schema rejects
// it. The result does not contain parameters that the schema accepts without naming them,
// because Nova removes them.
func (s *Schema) CheckQuery(raw string, mode Mode) (url.Values, error) {
	o, err := parseQuery(raw)
	if err != nil {
		return nil, err
	}
	values := o.values() // copied before a relaxed check deletes parameters
	f, ok := s.check(o, mode)
	if !ok {
		if len(f.path) == 0 || f.reason != "" {
			return nil, f.error()
		}
		return nil, &Error{Message: "Invalid input for query parameters " + f.path[0].String() +
			". Value: " + pyStr(f.value) + ". " + f.message}
	}
	n := s.node()
	if !n.additional {
		return values, nil
	}
	for k := range values {
		if !n.kept(k) {
			delete(values, k)
		}
	}
	return values, nil
}

// kept reports whether a parameter is passed to the handler. Unlike the check, Nova matches
// patterns from the beginning here. A schema without properties belongs to an operation without
// parameters.
func (n *node) kept(key string) bool {
	if _, ok := n.properties[key]; ok {
		return true
	}
	for _, p := range n.patterns {
		if p.pattern.match(key) {
			return true
		}
	}
	return false
}

// parseQuery keeps the order of parameters, which determines the first error. Each value is a
// []any of strings.
func parseQuery(raw string) (*Object, error) {
	o := &Object{}
	for len(raw) > 0 {
		part := raw
		if i := strings.IndexAny(raw, "&;"); i >= 0 {
			part, raw = raw[:i], raw[i+1:]
		} else {
			raw = ""
		}
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		k, v = unquote(k), unquote(v)
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return nil, &Error{Message: "Query string is not UTF-8 encoded"}
		}
		before, _ := o.Get(k)
		list, _ := before.([]any)
		o.Set(k, append(list, v))
	}
	return o, nil
}

// values copies the parameters, because a relaxed check may delete some.
func (o *Object) values() url.Values {
	q := make(url.Values, o.Len())
	for k, v := range o.All() {
		list := v.([]any)
		vals := make([]string, len(list))
		for i, e := range list {
			vals[i] = e.(string)
		}
		q[k] = vals
	}
	return q
}

func unquote(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	first, rest, escaped := strings.Cut(strings.ReplaceAll(s, "+", " "), "%")
	if !escaped {
		return first
	}
	b := append(make([]byte, 0, len(s)), first...)
	for part := range strings.SplitSeq(rest, "%") {
		digits := part[:min(2, len(part))]
		if c, ok := escapedByte(digits); ok {
			b, part = append(b, c), part[len(digits):]
		} else {
			b = append(b, '%')
		}
		b = append(b, part...)
	}
	return string(b)
}

// escapedByte reads the up to two characters after a "%" as WebOb does, which calls int with base 16: one digit is enough, and it
// may have a blank or a sign before it, or a blank behind it.
func escapedByte(s string) (c byte, ok bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	if len(s) == 2 && (s[0] == '+' || s == "-0") {
		s = s[1:]
	}
	for i := range len(s) {
		d := hexValue(s[i])
		if d < 0 {
			return 0, false
		}
		c = c<<4 | byte(d)
	}
	return c, s != ""
}
