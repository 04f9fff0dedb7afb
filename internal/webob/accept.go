package webob

import (
	"strconv"
	"strings"
)

// mediaRange is a media range of an Accept header.
type mediaRange struct {
	major, minor string // in lower case
	parameters   bool   // parameters other than the quality and its extensions
	weight       float64
}

// Weight returns the quality of a type in Accept: that of the first most specific matching
// media range. A media range of one type with parameters does not match the type without them.
// As in webob, an invalid Accept accepts everything, and an empty one nothing.
func Weight(accept, major, minor string) float64 {
	ranges, ok := parseAccept(accept)
	if !ok {
		return 1
	}
	rank, weight := 0, 0.0
	for _, r := range ranges {
		fit := 0
		switch {
		case r.major == major && r.minor == minor:
			if !r.parameters {
				fit = 3
			}
		case r.major == major && r.minor == "*":
			fit = 2
		case r.major == "*" && r.minor == "*":
			fit = 1
		}
		if fit > rank {
			rank, weight = fit, r.weight
		}
	}
	return weight
}

// parseAccept parses an Accept header by webob's version of the grammar in RFC 7231; false if
// it does not match.
func parseAccept(header string) ([]mediaRange, bool) {
	p := scanner(header)
	var ranges []mediaRange
	element := func() bool {
		r, ok := p.mediaRange()
		if ok {
			ranges = append(ranges, r)
		}
		return ok
	}
	if p == "" {
		return nil, true
	}
	if !p.take(',') && !element() {
		return nil, false
	}
	for p != "" {
		p.space()
		if !p.take(',') {
			return nil, false
		}
		before := p
		if p.space(); !element() {
			p = before
		}
	}
	return ranges, true
}

// scanner is the unparsed rest of a header.
type scanner string

func (p *scanner) take(c byte) bool {
	if *p == "" || (*p)[0] != c {
		return false
	}
	*p = (*p)[1:]
	return true
}

func (p *scanner) space() { *p = scanner(strings.TrimLeft(string(*p), " \t")) }

// token reads a token; "" if there is none.
func (p *scanner) token() string {
	n := 0
	for n < len(*p) && isTokenByte((*p)[n]) {
		n++
	}
	token := (*p)[:n]
	*p = (*p)[n:]
	return string(token)
}

func isTokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// quoted takes a quoted string.
func (p *scanner) quoted() bool {
	s := string(*p)
	if !strings.HasPrefix(s, `"`) {
		return false
	}
	for n := 1; n < len(s); n++ {
		switch c := s[n]; {
		case c == '"':
			*p = scanner(s[n+1:])
			return true
		case c == '\\':
			n++
			if n == len(s) || !isText(s[n]) {
				return false
			}
		case !isText(c):
			return false
		}
	}
	return false
}

// isText reports whether a byte is allowed in a quoted string.
func isText(c byte) bool { return c == '\t' || c >= ' ' && c != 0x7f }

func (p *scanner) mediaRange() (mediaRange, bool) {
	r := mediaRange{weight: 1}
	before := *p
	r.major = strings.ToLower(p.token())
	slash := p.take('/')
	r.minor = strings.ToLower(p.token())
	if r.major == "" || !slash || r.minor == "" {
		*p = before
		return r, false
	}
	for p.parameter() {
		r.parameters = true
	}
	if weight, ok := p.quality(); ok {
		r.weight = weight
		for p.extension() {
		}
	}
	return r, true
}

// separator takes the semicolon before a parameter.
func (p *scanner) separator() bool {
	p.space()
	ok := p.take(';')
	p.space()
	return ok
}

// parameter takes a parameter that is not the weight.
func (p *scanner) parameter() bool {
	before := *p
	if p.separator() {
		name := p.token()
		if name != "" && !strings.EqualFold(name, "q") && p.take('=') && (p.token() != "" || p.quoted()) {
			return true
		}
	}
	*p = before
	return false
}

// quality takes the weight: 0 to 1, with at most three digits behind the point.
func (p *scanner) quality() (float64, bool) {
	before := *p
	if p.separator() && (p.take('q') || p.take('Q')) && p.take('=') {
		s := string(*p)
		n := 0
		if s != "" && (s[0] == '0' || s[0] == '1') {
			n = 1
		}
		if n == 1 && len(s) > 1 && s[1] == '.' {
			n = 2
			for n < min(len(s), 5) && (s[n] == '0' || s[0] == '0' && s[n] > '0' && s[n] <= '9') {
				n++
			}
		}
		if n > 0 {
			*p = scanner(s[n:])
			q, _ := strconv.ParseFloat(s[:n], 64)
			return q, true
		}
	}
	*p = before
	return 0, false
}

// extension takes what may follow the weight.
func (p *scanner) extension() bool {
	before := *p
	if !p.separator() || p.token() == "" {
		*p = before
		return false
	}
	before = *p
	if p.take('=') && p.token() == "" && !p.quoted() {
		*p = before
	}
	return true
}
