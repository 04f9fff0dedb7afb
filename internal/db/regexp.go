//go:build !nosqlite

package db

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"sync"
)

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
