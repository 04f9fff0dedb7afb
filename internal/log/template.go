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
	pad  int    // minimum width
	zero bool   // padded with zeros, and not with spaces
	left bool   // padded on the right
}

// parseTemplate parses conversions of the form %(name)s, %(name)03d, %(name)-8s; all other text is a
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
		width, _, _ := strings.Cut(rest[:n], ".")
		p.left, p.zero = strings.HasPrefix(width, "-"), strings.HasPrefix(width, "0")
		p.pad, _ = strconv.Atoi(strings.TrimPrefix(width, "-"))
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
		fill := byte(' ')
		if p.zero {
			fill = '0'
		}
		for range p.pad - len(v) {
			if p.left {
				v += " "
			} else {
				b = append(b, fill)
			}
		}
		b = append(b, v...)
	}
	return b
}
