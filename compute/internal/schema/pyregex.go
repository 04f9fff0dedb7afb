package schema

import (
	"strconv"
	"strings"
)

// maxRepeat is the maximum number of repetitions in Python's engine, which also stands for an
// unbounded width.
const maxRepeat = 1<<32 - 1

// validPyRegex reports whether Python's re.compile accepts the expression. Nova checks this for
// filter values such as name=, which the database then matches.
func validPyRegex(expr string) (ok bool) {
	if (len(expr)-len(strings.TrimRight(expr, `\`)))%2 != 0 {
		return false // a backslash at the end
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
		return false // an unbalanced parenthesis
	}
	for _, g := range p.conditions {
		if g >= len(p.groups) {
			return false
		}
	}
	return true
}

// badRegex is the panic value with which the parser stops; validPyRegex recovers from it.
type badRegex struct{}

// itemKind determines whether an item can be repeated.
type itemKind int

const (
	plainItem itemKind = iota
	anchorItem
	repeatItem
)

// matchWidth is the range of the number of characters that an expression matches; look-behind
// requires lo==hi.
type matchWidth struct{ lo, hi int }

func (w matchWidth) plus(o matchWidth) matchWidth {
	return matchWidth{min(w.lo+o.lo, maxRepeat), min(w.hi+o.hi, maxRepeat)}
}

type pyGroup struct {
	closed bool
	width  matchWidth
}

type pyRegex struct {
	src        []rune
	i          int
	groups     []pyGroup // [0] is the whole expression
	names      map[string]int
	conditions []int
	verbose    bool // set by global flags
	behind     int  // the number of groups at the beginning of the outermost look-behind, or 0
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

func (p *pyRegex) alternation(verbose, top bool) matchWidth {
	if p.depth++; p.depth > 200 {
		p.fail() // Python raises a RecursionError
	}
	defer func() { p.depth-- }()
	w := p.sequence(verbose, top)
	for p.accept('|') {
		if top {
			verbose = p.verbose
		}
		o := p.sequence(verbose, false)
		w = matchWidth{min(w.lo, o.lo), max(w.hi, o.hi)}
	}
	return w
}

// sequence parses up to "|", ")" or the end. first allows global flags.
func (p *pyRegex) sequence(verbose, first bool) matchWidth {
	var total matchWidth
	last, lastWidth, some := plainItem, matchWidth{}, false
	add := func(k itemKind, w matchWidth) {
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
						p.next() // the tokenizer reads an escape as one token
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
			add(plainItem, matchWidth{1, 1})
		case '^', '$':
			add(anchorItem, matchWidth{})
		case '.':
			add(plainItem, matchWidth{1, 1})
		case '?', '*', '+', '{':
			lo, hi, ok := p.quantifier(r)
			if !ok {
				add(plainItem, matchWidth{1, 1})
				continue
			}
			if !some || last != plainItem {
				p.fail()
			}
			if !p.accept('?') {
				p.accept('+')
			}
			last = repeatItem
			lastWidth = matchWidth{boundedProduct(lastWidth.lo, lo), boundedProduct(lastWidth.hi, hi)}
		case '(':
			w, kind := p.group(verbose, first && !some)
			switch kind {
			case flagsGroup:
				verbose = p.verbose
			case itemGroup:
				add(plainItem, w)
			}
		default:
			add(plainItem, matchWidth{1, 1})
		}
	}
	if some {
		total = total.plus(lastWidth)
	}
	return total
}

func boundedProduct(a, b int) int {
	if a != 0 && b > maxRepeat/a {
		return maxRepeat
	}
	return a * b
}

// quantifier parses the rest of a repetition; ok is false for a brace that does not begin one.
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
