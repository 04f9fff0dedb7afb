package paste

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinels that the errors of this package wrap.
var (
	// ErrUnknownFactory reports a reached section whose factory is not in the Registry (for
	// PasteDeploy: one that cannot be imported).
	ErrUnknownFactory = errors.New("no such factory")
	// ErrNoSection reports that no section has the requested name and type.
	ErrNoSection = errors.New("no such section")
	// ErrLoop reports sections that refer to each other in a circle.
	ErrLoop = errors.New("sections form a loop")
	// ErrSyntax reports a file that Python's ConfigParser rejects.
	ErrSyntax = errors.New("syntax error")
)

// Error is an error at a place of a paste file. Fields that do not apply are empty.
type Error struct {
	File    string // absolute path of the file
	Line    int    // 1-based; 0 if the error concerns no single line
	Section string // the header as written, for example "filter:cors"
	Option  string
	Factory string // the registry key that was looked up
	Err     error
}

// Error returns one line with the place first and the reason last.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Section != "" {
		fmt.Fprintf(&b, ": section [%s]", e.Section)
	}
	if e.Option != "" {
		fmt.Fprintf(&b, ": option %q", e.Option)
	}
	if e.Factory != "" {
		fmt.Fprintf(&b, ": factory %q", e.Factory)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Problem is a remark about a filter that was left out, as Options.Warn receives it.
type Problem = Error
