package flavors

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/nova-go/nova/internal/objects"
)

// valueRule says what values an extra spec may have.
type valueRule interface{ check(value string) error }

// anything takes every value.
type anything struct{}

func (anything) check(string) error { return nil }

// boolean takes what Nova reads as a truth value.
type boolean struct{}

func (boolean) check(value string) error {
	if _, ok := objects.ParseBool(value); !ok {
		return badSpec("'%s' is not a valid boolean-like value.", value)
	}
	return nil
}

// oneOf takes the values listed.
type oneOf []string

func (l oneOf) check(value string) error {
	if !slices.Contains(l, value) {
		return badSpec("'%s' is not one of: %s.", value, strings.Join(l, ", "))
	}
	return nil
}

// integer takes whole numbers of any size, within bounds if there are any.
type integer struct{ min, max *int64 }

func at(n int64) *int64 { return &n }

func (b integer) check(value string) error {
	n, ok := wholeNumber(value)
	switch {
	case !ok:
		return badSpec("'%s' is not a valid integer value.", value)
	case b.max != nil && n.Cmp(big.NewInt(*b.max)) > 0:
		return badSpec("'%s' is greater than the max value of '%d'.", n, *b.max)
	case b.min != nil && n.Cmp(big.NewInt(*b.min)) < 0:
		return badSpec("'%s' is less than the min value of '%d'.", n, *b.min)
	}
	return nil
}

var wholeForm = regexp.MustCompile(`^[+-]?[0-9]+(_[0-9]+)*$`)

// wholeNumber reads a number as Python's int does: with space around it, single
// underscores between digits, and the digits of any script.
func wholeNumber(s string) (*big.Int, bool) {
	s = strings.Map(latinDigit, strings.TrimFunc(s, pySpace))
	if !wholeForm.MatchString(s) {
		return nil, false
	}
	return new(big.Int).SetString(strings.ReplaceAll(s, "_", ""), 10)
}

// pySpace is what Python's str.strip takes away.
func pySpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// latinDigit turns a decimal digit of any script into that of ours. Unicode keeps
// the ten digits of a script together, from zero on.
func latinDigit(r rune) rune {
	if r < unicode.MaxASCII || !unicode.Is(unicode.Nd, r) {
		return r
	}
	for _, d := range unicode.Nd.R16 {
		if uint32(r) <= uint32(d.Hi) && uint32(r) >= uint32(d.Lo) {
			return '0' + (r-rune(d.Lo))%10
		}
	}
	for _, d := range unicode.Nd.R32 {
		if uint32(r) <= d.Hi && uint32(r) >= d.Lo {
			return '0' + (r-rune(d.Lo))%10
		}
	}
	return r
}

// pattern takes values of a form. The message shows the expression as Nova has it.
type pattern struct {
	shown string
	form  *regexp.Regexp
}

// format makes a pattern of an expression of Nova's. Python's \d and \s know more
// than ASCII.
func format(expression string) pattern {
	translated := strings.NewReplacer(`\d`, `\p{Nd}`, `\s`, `[\s\v\x1c-\x1f\x85\p{Z}]`).Replace(expression)
	return pattern{expression, regexp.MustCompile(`^(?:` + translated + `)$`)}
}

func (p pattern) check(value string) error {
	if !p.form.MatchString(value) {
		return badSpec("'%s' is not of the format '%s'.", value, p.shown)
	}
	return nil
}

// cpuSet is the form of sets of CPUs: "0-3,^2,8".
var cpuSet = format(`\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*`)
