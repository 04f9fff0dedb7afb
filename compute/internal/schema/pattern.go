package schema

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/nova-go/nova/internal/pytext"
)

// pattern is a regular expression of Nova with the semantics of Python's re.search.
type pattern struct {
	text string // in Python's syntax, for messages
	re   *regexp.Regexp
}

// lookarounds replaces patterns that RE2 does not support by equivalent ones.
var lookarounds = map[string]string{
	`^(?! )[a-zA-Z0-9. _-]+(?<! )$`: `^[a-zA-Z0-9._-]([a-zA-Z0-9. _-]*[a-zA-Z0-9._-])?$`,
}

func compilePattern(text string) (*pattern, error) {
	expr, ok := lookarounds[text]
	if !ok {
		expr = text
	}
	re, err := regexp.Compile(pythonDollar(expr))
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	return &pattern{text: text, re: re}, nil
}

// pythonDollar replaces "$" by Python's meaning: the end, or the position before a final line
// feed.
func pythonDollar(expr string) string {
	var b strings.Builder
	class := false
	for i := 0; i < len(expr); i++ {
		c := expr[i]
		switch {
		case c == '\\' && i+1 < len(expr):
			b.WriteByte(c)
			i++
			c = expr[i]
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '$' && !class:
			b.WriteString(`(?:\n?\z)`)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func (p *pattern) search(s string) bool { return p.re.MatchString(matchable(s)) }

// match is Python's re.match: the expression must match at the beginning.
func (p *pattern) match(s string) bool {
	at := p.re.FindStringIndex(matchable(s))
	return at != nil && at[0] == 0
}

// matchable replaces lone surrogates by another character that is not printable; RE2 would read
// their bytes as U+FFFD, which is printable.
func matchable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := pytext.NextRune(s)
		if r >= 0xd800 && r < 0xe000 {
			b.WriteRune('\ufdd0')
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
