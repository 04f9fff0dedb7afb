package schema

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxRepeat is where Python's engine stops counting repetitions; also the
// width of what has no bound.
const maxRepeat = 1<<32 - 1

// validPyRegex reports whether Python's re.compile takes the expression. Nova
// asks that of filter values such as name=, which the database then matches.
func validPyRegex(expr string) (ok bool) {
	if (len(expr)-len(strings.TrimRight(expr, `\`)))%2 != 0 {
		return false // a backslash with nothing behind it
	}
	p := &pyRegex{src: []rune(matchable(expr)), groups: []pyGroup{{}}, names: map[string]int{}}
	defer func() {
		if r := recover(); r != nil {
			if _, bad := r.(badRegex); !bad {
				panic(r)
			}
			ok = false
		}
	}()
	p.alternation(false, true)
	if p.i < len(p.src) {
		return false // unbalanced parenthesis
	}
	for _, g := range p.conditions {
		if g >= len(p.groups) {
			return false
		}
	}
	return true
}

// badRegex leaves the parser from any depth; validPyRegex catches it.
type badRegex struct{}

// itemKind is what decides whether something can be repeated.
type itemKind int

const (
	plainItem itemKind = iota
	anchorItem
	repeatItem
)

// width is how many characters an expression matches: look-behind needs lo==hi.
type width struct{ lo, hi int }

func (w width) plus(o width) width {
	return width{min(w.lo+o.lo, maxRepeat), min(w.hi+o.hi, maxRepeat)}
}

type pyGroup struct {
	closed bool
	width  width
}

type pyRegex struct {
	src        []rune
	i          int
	groups     []pyGroup // [0] is the whole
	names      map[string]int
	conditions []int
	verbose    bool // set by global flags
	behind     int  // number of groups where the outermost look-behind began, or 0
	depth      int
}

func (p *pyRegex) fail() { panic(badRegex{}) }

func (p *pyRegex) peek() rune {
	if p.i < len(p.src) {
		return p.src[p.i]
	}
	return -1
}

func (p *pyRegex) next() rune {
	r := p.peek()
	if r >= 0 {
		p.i++
	}
	return r
}

func (p *pyRegex) accept(r rune) bool {
	if p.peek() == r {
		p.i++
		return true
	}
	return false
}

func (p *pyRegex) expect(r rune) {
	if !p.accept(r) {
		p.fail()
	}
}

func (p *pyRegex) until(end rune) string {
	from := p.i
	for {
		switch r := p.next(); r {
		case -1:
			p.fail()
		case end:
			if p.i-1 == from {
				p.fail()
			}
			return string(p.src[from : p.i-1])
		}
	}
}

func (p *pyRegex) alternation(verbose, top bool) width {
	if p.depth++; p.depth > 200 {
		p.fail() // Python runs out of stack
	}
	defer func() { p.depth-- }()
	w := p.sequence(verbose, top)
	for p.accept('|') {
		if top {
			verbose = p.verbose
		}
		o := p.sequence(verbose, false)
		w = width{min(w.lo, o.lo), max(w.hi, o.hi)}
	}
	return w
}

// sequence parses up to "|", ")" or the end. first allows global flags.
func (p *pyRegex) sequence(verbose, first bool) width {
	var total width
	last, lastWidth, some := plainItem, width{}, false
	add := func(k itemKind, w width) {
		if some {
			total = total.plus(lastWidth)
		}
		last, lastWidth, some = k, w, true
	}
	for {
		r := p.peek()
		if r < 0 || r == '|' || r == ')' {
			break
		}
		p.i++
		if verbose {
			if strings.ContainsRune(" \t\n\r\v\f", r) {
				continue
			}
			if r == '#' {
				for c := p.next(); c >= 0 && c != '\n'; c = p.next() {
					if c == '\\' {
						p.next() // the tokenizer takes an escape as one
					}
				}
				continue
			}
		}
		switch r {
		case '\\':
			k, w := p.escape()
			add(k, w)
		case '[':
			p.class()
			add(plainItem, width{1, 1})
		case '^', '$':
			add(anchorItem, width{})
		case '.':
			add(plainItem, width{1, 1})
		case '?', '*', '+', '{':
			lo, hi, ok := p.quantifier(r)
			if !ok {
				add(plainItem, width{1, 1})
				continue
			}
			if !some || last != plainItem {
				p.fail()
			}
			if !p.accept('?') {
				p.accept('+')
			}
			last = repeatItem
			lastWidth = width{times(lastWidth.lo, lo), times(lastWidth.hi, hi)}
		case '(':
			w, kind := p.group(verbose, first && !some)
			switch kind {
			case flagsGroup:
				verbose = p.verbose
			case itemGroup:
				add(plainItem, w)
			}
		default:
			add(plainItem, width{1, 1})
		}
	}
	if some {
		total = total.plus(lastWidth)
	}
	return total
}

func times(a, b int) int {
	if a != 0 && b > maxRepeat/a {
		return maxRepeat
	}
	return a * b
}

// quantifier reads the rest of a repetition; ok is false for a brace that
// begins none.
func (p *pyRegex) quantifier(r rune) (lo, hi int, ok bool) {
	switch r {
	case '?':
		return 0, 1, true
	case '*':
		return 0, maxRepeat, true
	case '+':
		return 1, maxRepeat, true
	}
	if p.peek() == '}' {
		return 0, 0, false
	}
	mark := p.i
	low := p.decimals()
	high := low
	if p.accept(',') {
		high = p.decimals()
	}
	if !p.accept('}') {
		p.i = mark
		return 0, 0, false
	}
	lo, hi = 0, maxRepeat
	if low != "" {
		lo = p.count(low)
	}
	if high != "" {
		if hi = p.count(high); hi < lo {
			p.fail()
		}
	}
	return lo, hi, true
}

func (p *pyRegex) decimals() string {
	from := p.i
	for r := p.peek(); r >= '0' && r <= '9'; r = p.peek() {
		p.i++
	}
	return string(p.src[from:p.i])
}

func (p *pyRegex) count(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil || n >= maxRepeat {
		p.fail()
	}
	return n
}

// escape reads what follows a backslash outside a class.
func (p *pyRegex) escape() (itemKind, width) {
	one := width{1, 1}
	r := p.next()
	switch {
	case r < 0:
		p.fail()
	case strings.ContainsRune("AbBZ", r):
		return anchorItem, width{}
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

// reference is a use of an earlier group.
func (p *pyRegex) reference(group int) width {
	if !p.groups[group].closed {
		p.fail()
	}
	p.behindGroup(group)
	return p.groups[group].width
}

// behindGroup refuses a group of the look-behind that it is used in.
func (p *pyRegex) behindGroup(group int) {
	if p.behind == 0 {
		return
	}
	if group >= len(p.groups) || !p.groups[group].closed || group >= p.behind {
		p.fail()
	}
}

func isOctal(r rune) bool { return r >= '0' && r <= '7' }

// literalEscape reads \x, \u, \U, \N and escaped punctuation.
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
		// We carry no table of character names: what looks like one is one.
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

// class reads a character set after its bracket.
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

type groupKind int

const (
	itemGroup groupKind = iota
	flagsGroup
	commentGroup
)

// group reads what follows "(".
func (p *pyRegex) group(verbose, first bool) (width, groupKind) {
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
		return width{}, commentGroup
	case r == '=', r == '!':
		p.close(p.alternation(verbose, false))
		return width{}, itemGroup
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
		return width{}, itemGroup
	case r == '(':
		return p.conditional(verbose), itemGroup
	case r == '-' || r > 0 && strings.ContainsRune("iLmsxatu", r):
		return p.flags(r, verbose, first)
	}
	p.fail()
	return width{}, itemGroup
}

func (p *pyRegex) close(w width) width {
	p.expect(')')
	return w
}

func (p *pyRegex) capture(name string, verbose bool) width {
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

func (p *pyRegex) conditional(verbose bool) width {
	name := p.until(')')
	group := 0
	if isIdentifier(name) {
		g, ok := p.names[name]
		if !ok {
			p.fail()
		}
		group = g
	} else {
		n, ok := parsePyNumber(name)
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
		w = width{min(w.lo, o.lo), max(w.hi, o.hi)}
	} else {
		w.lo = 0
	}
	return p.close(w)
}

// flags reads "(?i)", "(?i:...)", "(?i-s:...)" from their first letter on.
func (p *pyRegex) flags(r rune, verbose, first bool) (width, groupKind) {
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
		return width{}, flagsGroup
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
