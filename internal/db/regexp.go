package db

import (
	"database/sql/driver"
	"fmt"
	"regexp"
	"regexp/syntax"
	"sync"

	"modernc.org/sqlite"
)

// sqliteRegexp gives SQLite, which has the operator but no function behind it,
// the one that SQLAlchemy's dialect registers: a search, case and all.
var sqliteRegexp = sync.OnceValue(func() error {
	var known expressions
	return sqlite.RegisterDeterministicScalarFunction("regexp", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		expression, _ := args[0].(string)
		if args[1] == nil {
			return false, nil
		}
		re, err := known.compiled(expression)
		if err != nil {
			return nil, err
		}
		return re.MatchString(fmt.Sprint(args[1])), nil // numbers, too
	})
})

const (
	// maxExpression bounds what an expression of a user may compile to. Database
	// servers have a bound, too; Go's is high enough for hundreds of megabytes.
	maxExpression = 10000
	// maxKnown is how many expressions are kept: SQLite calls the function for each
	// row, with the few expressions of the queries of the moment.
	maxKnown = 64
)

// expressions keeps compiled expressions. The zero value is ready.
type expressions struct {
	mu    sync.Mutex
	known map[string]*regexp.Regexp
}

func (e *expressions) compiled(text string) (*regexp.Regexp, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if re := e.known[text]; re != nil {
		return re, nil
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if expressionSize(parsed) > maxExpression {
		return nil, fmt.Errorf("a regular expression of %d bytes is too large", len(text))
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	if e.known == nil || len(e.known) >= maxKnown {
		e.known = map[string]*regexp.Regexp{}
	}
	e.known[text] = re
	return re, nil
}

// expressionSize is how many instructions an expression compiles to, about; more
// than maxExpression stands for any larger number.
func expressionSize(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		if n += expressionSize(sub); n > maxExpression {
			return maxExpression + 1
		}
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxExpression+1)
}
