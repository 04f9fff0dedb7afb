package policy

import "strings"

// template is the right side of a check: a text with %(key)s for attributes of the target and
// %% for a percent sign.
type template struct {
	text  string
	parts []templatePart
	bad   bool // invalid for Python's formatting; such a check denies
}

// templatePart is a literal text, or a key of the target.
type templatePart struct {
	text string
	key  bool
}

func newTemplate(text string) template {
	t := template{text: text}
	literal := func(s string) {
		if n := len(t.parts); n > 0 && !t.parts[n-1].key {
			t.parts[n-1].text += s
		} else if s != "" {
			t.parts = append(t.parts, templatePart{text: s})
		}
	}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "%")
		literal(before)
		if !found {
			break
		}
		if strings.HasPrefix(after, "%") {
			literal("%")
			rest = after[1:]
			continue
		}
		end := strings.Index(after, ")s")
		if !strings.HasPrefix(after, "(") || end < 0 {
			t.bad = true
			break
		}
		t.parts = append(t.parts, templatePart{text: after[1:end], key: true})
		rest = after[end+2:]
	}
	return t
}

// constant returns the text if it does not depend on the target.
func (t template) constant() (string, bool) {
	switch {
	case t.bad:
		return "", false
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && !t.parts[0].key:
		return t.parts[0].text, true
	}
	return "", false
}

// fill inserts the attributes of the target; ok is false if one is missing.
func (t template) fill(target *Target) (s string, ok bool) {
	if t.bad {
		return "", false
	}
	if len(t.parts) == 1 { // the usual case, without an allocation
		if !t.parts[0].key {
			return t.parts[0].text, true
		}
		return target.value(t.parts[0].text)
	}
	var b strings.Builder
	for _, p := range t.parts {
		if !p.key {
			b.WriteString(p.text)
			continue
		}
		v, ok := target.value(p.text)
		if !ok {
			return "", false
		}
		b.WriteString(v)
	}
	return b.String(), true
}
