// Package objects holds the domain as every layer sees it: what a row of Nova's
// databases means, and the errors that operations end in. It imports nothing of
// ours.
package objects

// Kind sorts domain errors by what went wrong; compute/api gives each a status.
type Kind uint8

// The kinds of domain errors.
const (
	KindNotFound Kind = iota + 1
	KindConflict
	KindInvalid
	KindForbidden
	KindOverQuota
	KindNotSupported
	KindUnavailable // a database or service that should answer is away
	KindNotImplemented
)

// Error is a domain error. It knows nothing of HTTP.
type Error struct {
	Kind    Kind
	Class   Class
	Message string // as clients see it
	Cause   error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Cause }

// Is tells whether the error is of a class.
func (e *Error) Is(target error) bool {
	c, ok := target.(Class)
	return ok && e.Class == c
}
