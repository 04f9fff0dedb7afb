package paste

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinels that the errors of this package wrap.
var (
	// ErrUnknownFactory: a reached section names a factory that is not in the
	// Registry (for PasteDeploy: that cannot be imported).
	ErrUnknownFactory = errors.New("no such factory")
	// ErrNoSection: no section has the wanted name and type.
	ErrNoSection = errors.New("no such section")
	// ErrLoop: sections refer to each other in a circle.
	ErrLoop = errors.New("sections form a loop")
	// ErrSyntax: the file is not what Python's ConfigParser accepts.
	ErrSyntax = errors.New("syntax error")
)

// Error says where in a paste file something is wrong. Fields that do not
// apply are empty.
type Error struct {
	File    string // absolute path of the file
	Line    int    // 1-based; 0 if the error concerns no single line
	Section string // the header as written, for example "filter:cors"
	Option  string
	Factory string // the registry key that was looked up
	Err     error
}

// Error gives the place first and the reason last, on one line.
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

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// Problem is what Options.Warn is told about a filter that was left out.
type Problem = Error
