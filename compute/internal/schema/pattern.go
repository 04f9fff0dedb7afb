package schema

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// pattern is a regular expression of Nova's, with Python's re.search meaning.
type pattern struct {
	text string // as Python has it; messages show it
	re   *regexp.Regexp
}

// lookarounds are the patterns that RE2 cannot say, in words that it can.
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

// pythonDollar gives "$" Python's meaning: at the end, or before a line feed
// that ends the string.
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

// match is Python's re.match: the expression has to match from the beginning.
func (p *pattern) match(s string) bool {
	at := p.re.FindStringIndex(matchable(s))
	return at != nil && at[0] == 0
}

// matchable replaces lone surrogates by a character that is as little printable
// as they are; RE2 would take their bytes for U+FFFD, which is printable.
func matchable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := nextRune(s)
		if r >= 0xd800 && r < 0xe000 {
			b.WriteRune('\ufdd0')
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
