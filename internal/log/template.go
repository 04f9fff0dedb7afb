package log

import (
	"strconv"
	"strings"
)

// template is a format string of Python's logging: literals and %(name)s.
type template []templatePart

type templatePart struct {
	text string // a literal, if name is empty
	name string // the name of a value
	pad  int    // minimum width, padded with zeros
}

// parseTemplate parses conversions of the form %(name)s and %(name)03d; all other text is a
// literal.
func parseTemplate(format string) template {
	var t template
	for format != "" {
		i := strings.Index(format, "%")
		if i < 0 {
			return append(t, templatePart{text: format})
		}
		if i > 0 {
			t = append(t, templatePart{text: format[:i]})
		}
		format = format[i:]
		if strings.HasPrefix(format, "%%") {
			t, format = append(t, templatePart{text: "%"}), format[2:]
			continue
		}
		end := strings.Index(format, ")")
		if !strings.HasPrefix(format, "%(") || end < 0 {
			t, format = append(t, templatePart{text: "%"}), format[1:]
			continue
		}
		p := templatePart{name: format[2:end]}
		rest := format[end+1:]
		n := 0
		for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '-' || rest[n] == '.') {
			n++
		}
		if strings.HasPrefix(rest[:n], "0") {
			p.pad, _ = strconv.Atoi(rest[:n])
		}
		if n < len(rest) {
			n++ // the letter of the conversion
		}
		t, format = append(t, p), rest[n:]
	}
	return t
}

func (t template) appendTo(b []byte, value func(string) string) []byte {
	for _, p := range t {
		if p.name == "" {
			b = append(b, p.text...)
			continue
		}
		v := value(p.name)
		for range p.pad - len(v) {
			b = append(b, '0')
		}
		b = append(b, v...)
	}
	return b
}
