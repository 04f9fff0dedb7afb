package flavors

import (
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/pytext"
)

// valueRule checks the value of an extra spec.
type valueRule interface{ check(value string) error }

// anyRule accepts every value.
type anyRule struct{}

func (anyRule) check(string) error { return nil }

// booleanRule accepts the words that Nova reads as booleans.
type booleanRule struct{}

func (booleanRule) check(value string) error {
	if _, ok := pytext.Bool(value); !ok {
		return badSpec("'%s' is not a valid boolean-like value.", value)
	}
	return nil
}

// oneOfRule accepts the listed values.
type oneOfRule []string

func (l oneOfRule) check(value string) error {
	if !slices.Contains(l, value) {
		return badSpec("'%s' is not one of: %s.", value, strings.Join(l, ", "))
	}
	return nil
}

// integerRule accepts integers of any size, or within bounds.
type integerRule struct{ min, max *int64 }

func pointerTo(n int64) *int64 { return &n }

func (b integerRule) check(value string) error {
	n, err := pytext.Int(value)
	switch {
	case err != nil:
		return badSpec("'%s' is not a valid integer value.", value)
	case b.max != nil && n.Cmp(big.NewInt(*b.max)) > 0:
		return badSpec("'%s' is greater than the max value of '%d'.", n, *b.max)
	case b.min != nil && n.Cmp(big.NewInt(*b.min)) < 0:
		return badSpec("'%s' is less than the min value of '%d'.", n, *b.min)
	}
	return nil
}

// patternRule accepts values that match an expression. Error messages contain the expression in
// Nova's form.
type patternRule struct {
	shown string
	form  *regexp.Regexp
}

// newPattern converts an expression of Nova's to a pattern. Python's \d and \s match more than
// ASCII.
func newPattern(expression string) patternRule {
	translated := strings.NewReplacer(`\d`, `\p{Nd}`, `\s`, `[\s\v\x1c-\x1f\x85\p{Z}]`).Replace(expression)
	return patternRule{expression, regexp.MustCompile(`^(?:` + translated + `)$`)}
}

func (p patternRule) check(value string) error {
	if !p.form.MatchString(value) {
		return badSpec("'%s' is not of the format '%s'.", value, p.shown)
	}
	return nil
}

// cpuSet accepts sets of CPUs: "0-3,^2,8".
var cpuSet = newPattern(`\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*`)
