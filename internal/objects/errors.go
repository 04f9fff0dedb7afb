// Package objects defines the domain types that all layers use: the rows of Nova's databases as structs, and the errors of
// operations. It imports no other package of this module.
package objects

// Kind classifies domain errors; compute/internal/api maps each kind to an HTTP status.
type Kind uint8

// The kinds of domain errors.
const (
	KindNotFound Kind = iota + 1
	KindConflict
	KindInvalid
	KindForbidden
	KindOverQuota
	KindNotSupported
	KindUnavailable // a database or service does not respond
	KindNotImplemented
	KindUnauthorized // another service refused the caller's token; clients receive status 401 with its usual text
	KindFailed       // another service could not do its part; clients receive its text with status 500
)

// Error is a domain error. It contains no HTTP status.
type Error struct {
	Kind    Kind
	Class   Class
	Message string // the text that clients receive
	Cause   error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether the error has the class target.
func (e *Error) Is(target error) bool {
	c, ok := target.(Class)
	return ok && e.Class == c
}
