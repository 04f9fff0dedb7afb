package schema

import (
	"slices"
	"strings"
	"unicode"
)

type groupKind int

const (
	itemGroup groupKind = iota
	flagsGroup
	commentGroup
)

// group parses a group after its opening parenthesis.
func (p *pyRegex) group(verbose, first bool) (matchWidth, groupKind) {
	if !p.accept('?') {
		return p.capture("", verbose), itemGroup
	}
	switch r := p.next(); {
	case r == 'P':
		if p.accept('<') {
			name := p.until('>')
			if !isIdentifier(name) {
				p.fail()
			}
			return p.capture(name, verbose), itemGroup
		}
		p.expect('=')
		name := p.until(')')
		group, ok := p.names[name]
		if !ok {
			p.fail()
		}
		return p.reference(group), itemGroup
	case r == ':', r == '>':
		return p.close(p.alternation(verbose, false)), itemGroup
	case r == '#':
		for c := p.next(); c != ')'; c = p.next() {
			if c < 0 {
				p.fail()
			}
			if c == '\\' {
				p.next()
			}
		}
		return matchWidth{}, commentGroup
	case r == '=', r == '!':
		p.close(p.alternation(verbose, false))
		return matchWidth{}, itemGroup
	case r == '<':
		if c := p.next(); c != '=' && c != '!' {
			p.fail()
		}
		before := p.behind
		if before == 0 {
			p.behind = len(p.groups)
		}
		w := p.alternation(verbose, false)
		p.behind = before
		if p.close(w); w.lo != w.hi {
			p.fail()
		}
		return matchWidth{}, itemGroup
	case r == '(':
		return p.conditional(verbose), itemGroup
	case r == '-' || r > 0 && strings.ContainsRune("iLmsxatu", r):
		return p.flags(r, verbose, first)
	}
	p.fail()
	return matchWidth{}, itemGroup
}

func (p *pyRegex) close(w matchWidth) matchWidth {
	p.expect(')')
	return w
}

func (p *pyRegex) capture(name string, verbose bool) matchWidth {
	n := len(p.groups)
	p.groups = append(p.groups, pyGroup{})
	if name != "" {
		if _, twice := p.names[name]; twice {
			p.fail()
		}
		p.names[name] = n
	}
	w := p.close(p.alternation(verbose, false))
	p.groups[n] = pyGroup{closed: true, width: w}
	return w
}

func (p *pyRegex) conditional(verbose bool) matchWidth {
	name := p.until(')')
	group := 0
	if isIdentifier(name) {
		g, ok := p.names[name]
		if !ok {
			p.fail()
		}
		group = g
	} else {
		n, ok := numberOfText(name)
		if !ok || n.float || n.big != nil || n.i <= 0 || n.i >= maxRepeat/2 {
			p.fail()
		}
		group = int(n.i)
		p.conditions = append(p.conditions, group)
	}
	p.behindGroup(group)
	w := p.sequence(verbose, false)
	if p.accept('|') {
		o := p.sequence(verbose, false)
		w = matchWidth{min(w.lo, o.lo), max(w.hi, o.hi)}
	} else {
		w.lo = 0
	}
	return p.close(w)
}

// flags parses "(?i)", "(?i:...)" and "(?i-s:...)" from the first letter on.
func (p *pyRegex) flags(r rune, verbose, first bool) (matchWidth, groupKind) {
	var on, off []rune
	if r != '-' {
		for {
			if r == 'L' || strings.ContainsRune("au", r) && slices.ContainsFunc(on, func(o rune) bool {
				return o != r && strings.ContainsRune("au", o)
			}) {
				p.fail()
			}
			on = append(on, r)
			r = p.next()
			if r == ')' || r == '-' || r == ':' {
				break
			}
			if r < 0 || !strings.ContainsRune("iLmsxatu", r) {
				p.fail()
			}
		}
	}
	if r == ')' {
		if !first {
			p.fail()
		}
		if slices.Contains(on, 'x') {
			p.verbose = true
		}
		return matchWidth{}, flagsGroup
	}
	if slices.Contains(on, 't') {
		p.fail()
	}
	if r == '-' {
		for r = p.next(); r != ':' || len(off) == 0; r = p.next() {
			if r < 0 || !strings.ContainsRune("imsx", r) || slices.Contains(on, r) {
				p.fail()
			}
			off = append(off, r)
		}
	}
	if slices.Contains(on, 'x') {
		verbose = true
	}
	if slices.Contains(off, 'x') {
		verbose = false
	}
	return p.close(p.alternation(verbose, false)), itemGroup
}

func isIdentifier(s string) bool {
	for i, r := range s {
		letter := r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r)
		if !letter && (i == 0 || !unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)) {
			return false
		}
	}
	return s != ""
}
