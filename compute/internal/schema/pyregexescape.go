package schema

import (
	"strings"
	"unicode"
)

// escape parses an escape outside of a character class, after the backslash.
func (p *pyRegex) escape() (itemKind, matchWidth) {
	one := matchWidth{1, 1}
	r := p.next()
	switch {
	case r < 0:
		p.fail()
	case strings.ContainsRune("AbBZ", r):
		return anchorItem, matchWidth{}
	case strings.ContainsRune("dDsSwWafnrtv", r):
		return plainItem, one
	case r == '0':
		for n := 0; n < 2 && isOctal(p.peek()); n++ {
			p.i++
		}
		return plainItem, one
	case r >= '1' && r <= '9':
		group := int(r - '0')
		if second := p.peek(); second >= '0' && second <= '9' {
			p.i++
			if third := p.peek(); isOctal(r) && isOctal(second) && isOctal(third) {
				p.i++
				if (r-'0')*64+(second-'0')*8+third-'0' > 0o377 {
					p.fail()
				}
				return plainItem, one
			}
			group = group*10 + int(second-'0')
		}
		if group >= len(p.groups) {
			p.fail()
		}
		return plainItem, p.reference(group)
	}
	p.literalEscape(r)
	return plainItem, one
}

// reference handles a reference to an earlier group.
func (p *pyRegex) reference(group int) matchWidth {
	if !p.groups[group].closed {
		p.fail()
	}
	p.behindGroup(group)
	return p.groups[group].width
}

// behindGroup rejects a reference inside a look-behind to a group of the same look-behind.
func (p *pyRegex) behindGroup(group int) {
	if p.behind == 0 {
		return
	}
	if group >= len(p.groups) || !p.groups[group].closed || group >= p.behind {
		p.fail()
	}
}

func isOctal(r rune) bool { return r >= '0' && r <= '7' }

// literalEscape parses \x, \u, \U, \N and escaped punctuation.
func (p *pyRegex) literalEscape(r rune) rune {
	switch r {
	case 'x':
		return p.hex(2)
	case 'u':
		return p.hex(4)
	case 'U':
		c := p.hex(8)
		if c < 0 || c > unicode.MaxRune {
			p.fail()
		}
		return c
	case 'N':
		// The names of characters are not checked, because Go's standard library has no table
		// of them.
		p.expect('{')
		if strings.Trim(strings.ToUpper(p.until('}')), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -") != "" {
			p.fail()
		}
		return '-'
	}
	if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		p.fail()
	}
	return r
}

func (p *pyRegex) hex(n int) rune {
	var c uint32
	for range n {
		r := p.next()
		if r < 0 || r > 'f' || hexValue(byte(r)) < 0 {
			p.fail()
		}
		c = c<<4 | uint32(hexValue(byte(r)))
	}
	return rune(c)
}

// class parses a character class after its opening bracket.
func (p *pyRegex) class() {
	p.accept('^')
	for some := false; ; some = true {
		r := p.next()
		if r < 0 {
			p.fail()
		}
		if r == ']' && some {
			return
		}
		lo, single := p.classItem(r)
		if !p.accept('-') {
			continue
		}
		r = p.next()
		if r < 0 {
			p.fail()
		}
		if r == ']' {
			return
		}
		hi, alsoSingle := p.classItem(r)
		if !single || !alsoSingle || hi < lo {
			p.fail()
		}
	}
}

func (p *pyRegex) classItem(r rune) (c rune, single bool) {
	if r != '\\' {
		return r, true
	}
	r = p.next()
	switch {
	case r < 0:
		p.fail()
	case strings.ContainsRune("dDsSwW", r):
		return 0, false
	case r == 'b':
		return '\b', true
	case isOctal(r):
		c = r - '0'
		for n := 0; n < 2 && isOctal(p.peek()); n++ {
			c = c*8 + p.next() - '0'
		}
		if c > 0o377 {
			p.fail()
		}
		return c, true
	}
	if i := strings.IndexRune("afnrtv", r); i >= 0 {
		return rune("\a\f\n\r\t\v"[i]), true
	}
	return p.literalEscape(r), true
}
