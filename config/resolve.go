package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
)

// resolvedValue is the value of an option; value is nil for None.
type resolvedValue struct {
	value  any
	origin Origin
	err    *Error
}

// resolver computes the values of options. Load and each Decode create one; it resolves options
// that a value refers to first.
type resolver struct {
	st     *store
	known  *knownNames
	specs  map[ref]*spec          // shared, read-only
	extra  map[ref]*spec          // the options of a Decode; they hide those in specs
	before map[ref]*resolvedValue // shared, read-only: values computed by Load
	done   map[ref]*resolvedValue
	active map[ref]bool
	warn   func(Problem)
	// deprecated is called for each use of a former name or of a deprecated option, with the current name.
	deprecated func(Deprecation)
}

func (r *resolver) resolve(s *spec) *resolvedValue {
	if res := r.done[s.ref]; res != nil {
		return res
	}
	if r.extra[s.ref] == nil {
		if res := r.before[s.ref]; res != nil {
			return res
		}
	}
	res := &resolvedValue{}
	if r.active[s.ref] {
		res.err = &Error{Problem: Problem{Group: s.group, Option: s.name, Message: "refers to itself"}}
		return res
	}
	f, set := r.st.lookup(s.ref, s.old, s.shape == multi || s.shape == multiDict)
	res.origin = f.origin
	if !set {
		var ok bool
		if f.texts, ok = s.defaultTexts(r.st.prog); !ok {
			r.done[s.ref] = res
			return res
		}
	}
	r.active[s.ref] = true
	value, err := r.evaluate(s, f.texts)
	delete(r.active, s.ref)
	switch {
	case errors.Is(err, errEmpty):
		r.emptyNumber(s, res)
	case err != nil:
		msg := err.Error()
		if s.secret && !errors.As(err, new(*referenceError)) {
			msg = "invalid value" // the original message may contain the secret
		}
		res.err = &Error{Problem: Problem{Origin: f.origin, Group: s.group, Option: s.name, Message: msg}}
	default:
		res.value = value
	}
	if set {
		r.warnUse(s, f)
	}
	r.done[s.ref] = res
	return res
}

// evaluate substitutes references and converts the result.
func (r *resolver) evaluate(s *spec, texts []string) (any, error) {
	for i, t := range texts {
		sub, err := r.substitute(t, s.group)
		if err != nil {
			return nil, err
		}
		if sub != t {
			if i == 0 {
				texts = append([]string(nil), texts...)
			}
			texts[i] = sub
		}
	}
	return s.convert(texts)
}

// emptyNumber handles a number without value, "max_limit =", which is None in oslo.config.
// Where the field cannot be None the default is used, with a warning.
func (r *resolver) emptyNumber(s *spec, res *resolvedValue) {
	if texts, ok := s.defaultTexts(r.st.prog); ok {
		res.value, _ = s.convert(texts)
		r.warn(Problem{Origin: res.origin, Group: s.group, Option: s.name, Message: "empty value; the default is used"})
	}
}

func (r *resolver) warnUse(s *spec, f foundSettings) {
	if f.via != s.ref {
		r.deprecated(Deprecation{Problem{Origin: f.origin, Group: f.via.group, Option: f.via.name,
			Message: fmt.Sprintf("deprecated name; use [%s] %s", s.group, s.name)}, s.group, s.name})
	}
	if s.removal {
		r.deprecated(Deprecation{Problem{Origin: f.origin, Group: s.group, Option: s.name,
			Message: "deprecated; it may be ignored in the future"}, s.group, s.name})
	}
}

// defaultTexts returns an option's default as text; false means None.
func (s *spec) defaultTexts(prog string) ([]string, bool) {
	switch s.computed {
	case "hostname":
		h, err := os.Hostname()
		if err != nil {
			h = "localhost"
		}
		return []string{h}, true
	case "my_ip":
		return []string{outboundIPv4()}, true
	case "prog":
		return []string{prog}, true
	}
	if !s.hasDef {
		return nil, false
	}
	if s.shape == multi || s.shape == multiDict {
		if s.def == "" {
			return []string{}, true
		}
		return strings.Split(s.def, ","), true
	}
	return []string{s.def}, true
}

// outboundIPv4 returns the source address of this host for external destinations, as oslo.utils
// finds it; no packet is sent. Without a route it returns the address of the loopback
// interface.
func outboundIPv4() string {
	c, err := net.Dial("udp4", "192.0.2.0:80")
	if err != nil {
		return "127.0.0.1"
	}
	defer c.Close()
	if a, ok := c.LocalAddr().(*net.UDPAddr); ok {
		return a.IP.String()
	}
	return "127.0.0.1"
}

// referenceError reports a $reference to an unknown option.
type referenceError struct{ msg string }

func (e *referenceError) Error() string { return e.msg }

// substitute replaces $name, ${name}, $group.name and ${group.name} by the values of those
// options; "$$" and "\$" stand for a dollar sign. A dollar sign without a name is kept. A name
// is looked up in the option's own group, then in DEFAULT. As in oslo.config, a name that is
// not an option is an error.
func (r *resolver) substitute(text, group string) (string, error) {
	if strings.IndexByte(text, '$') < 0 {
		return text, nil
	}
	text = strings.ReplaceAll(text, `\$`, "$$")
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 {
			b.WriteString(text)
			return b.String(), nil
		}
		b.WriteString(text[:i])
		text = text[i+1:]
		name, skip := parseReference(text)
		switch {
		case strings.HasPrefix(text, "$"):
			b.WriteByte('$')
			skip = 1
		case name == "":
			b.WriteByte('$')
		default:
			v, err := r.refer(name, group)
			if err != nil {
				return "", err
			}
			b.WriteString(v)
		}
		text = text[skip:]
	}
}

// parseReference parses the name after a dollar sign. length is the number of bytes of the name and
// its braces; name is "" if there is none.
func parseReference(s string) (name string, length int) {
	body, braced := strings.CutPrefix(s, "{")
	n := 0
	for n < len(body) {
		c := body[n]
		if c != '_' && !isAlpha(rune(c)) && (n == 0 || c != '.' && (c < '0' || c > '9')) {
			break
		}
		n++
	}
	switch {
	case n == 0, braced && (n == len(body) || body[n] != '}'):
		return "", 0
	case braced:
		return body[:n], n + 2
	}
	return body[:n], n
}

// refer returns the text of the option that a reference names.
func (r *resolver) refer(name, group string) (string, error) {
	if g, opt, dotted := strings.Cut(name, "."); dotted {
		var v string
		var ok bool
		var err error
		if g != "DEFAULT" { // oslo.config does not treat this prefix as a group
			v, ok, err = r.valueOf(ref{g, opt})
		}
		if err == nil && !ok {
			err = &referenceError{fmt.Sprintf("refers to $%s, but there is no option %s in group %s; write $$ for a dollar sign", name, opt, g)}
		}
		return v, err
	}
	v, ok, err := r.valueOf(ref{group, name})
	if err == nil && !ok && group != "DEFAULT" {
		v, ok, err = r.valueOf(ref{"DEFAULT", name})
	}
	if err == nil && !ok {
		groups := "[DEFAULT]"
		if group != "DEFAULT" {
			groups = "[" + group + "] or [DEFAULT]"
		}
		err = &referenceError{fmt.Sprintf("refers to $%s, but there is no such option in %s; write $$ for a dollar sign", name, groups)}
	}
	return v, err
}

// valueOf returns the value of any option as text; false if there is no such option.
func (r *resolver) valueOf(at ref) (string, bool, error) {
	s := r.extra[at]
	if s == nil {
		s = r.specs[at]
	}
	if s == nil {
		s = r.formerly(at)
	}
	if s != nil {
		res := r.resolve(s)
		if res.err != nil {
			return "", true, &referenceError{fmt.Sprintf("refers to [%s] %s, which %s", s.group, s.name, res.err.Message)}
		}
		return pyStr(res.value), true, nil
	}
	if !r.known.has(at) && r.known.group(at.group) {
		return "", false, nil
	}
	f, ok := r.st.lookup(at, nil, false)
	if !ok {
		if r.known.has(at) {
			return "", true, &referenceError{fmt.Sprintf("refers to [%s] %s, an option of other services that has no value here; set it", at.group,
				at.name)}
		}
		return "", false, nil
	}
	if r.active[at] {
		return "", true, &referenceError{fmt.Sprintf("refers to [%s] %s, which refers to itself", at.group, at.name)}
	}
	r.active[at] = true
	defer delete(r.active, at)
	v, err := r.substitute(f.texts[0], at.group)
	return v, true, err
}

// formerly returns the option that had this name in the past.
func (r *resolver) formerly(at ref) *spec {
	for _, s := range r.specs {
		if slices.Contains(s.old, at) {
			return s
		}
	}
	return nil
}
