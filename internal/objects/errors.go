// Package objects holds the domain as every layer sees it: what a row of Nova's
// databases means, and the errors that operations end in. It imports nothing of
// ours.
package objects

import (
	"errors"
	"fmt"
)

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

// IsClass tells whether err is a domain error of Nova's exception class.
func IsClass(err error, class string) bool { return errors.Is(err, Class{class}) }

// Errorf makes an error of Nova's exception class.
func Errorf(k Kind, class string, format string, a ...any) *Error {
	return &Error{Kind: k, Class: Class{class}, Message: fmt.Sprintf(format, a...)}
}
