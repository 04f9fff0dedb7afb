//go:build !nosqlite

package db

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"sync"
)

const (
	// maxExpressionSize limits the number of instructions of a user's regular expression.
	// Database servers have limits, too; Go's limit would allow hundreds of megabytes.
	maxExpressionSize = 10000
	// maxExpressions is the number of compiled expressions that are cached. SQLite calls the
	// function for each row, with the few expressions of the current queries.
	maxExpressions = 64
)

// expressions caches compiled regular expressions. The zero value is ready to use.
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
	if expressionSize(parsed) > maxExpressionSize {
		return nil, fmt.Errorf("a regular expression of %d bytes is too large", len(text))
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	if e.known == nil || len(e.known) >= maxExpressions {
		e.known = map[string]*regexp.Regexp{}
	}
	e.known[text] = re
	return re, nil
}

// expressionSize returns approximately how many instructions an expression compiles to. A result
// above maxExpressionSize stands for any larger number.
func expressionSize(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		if n += expressionSize(sub); n > maxExpressionSize {
			return maxExpressionSize + 1
		}
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxExpressionSize+1)
}
