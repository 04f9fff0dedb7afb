package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/webob"
)

// Fault is an error with the status and the message for the client.
type Fault struct {
	Status  int
	Message string
	Header  http.Header // for example Retry-After
	cause   error
}

func (f *Fault) Error() string { return f.Message }
func (f *Fault) Unwrap() error { return f.cause }

// BadRequest returns a fault with status 400.
func BadRequest(format string, a ...any) error { return faultf(http.StatusBadRequest, format, a) }

// NotFound returns a fault with status 404.
func NotFound(format string, a ...any) error { return faultf(http.StatusNotFound, format, a) }

// Conflict returns a fault with status 409.
func Conflict(format string, a ...any) error { return faultf(http.StatusConflict, format, a) }

// Forbidden returns a fault with status 403.
func Forbidden(format string, a ...any) error { return faultf(http.StatusForbidden, format, a) }

// NotImplemented returns a fault with status 501, for operations that the host of a server does
// not support.
func NotImplemented(format string, a ...any) error {
	return faultf(http.StatusNotImplemented, format, a)
}

func faultf(status int, format string, a []any) error {
	if len(a) > 0 {
		format = fmt.Sprintf(format, a...)
	}
	return &Fault{Status: status, Message: format}
}

// As converts a domain error to a fault with the given status and the same text, for operations
// that answer with another status than statusOf.
func As(status int, err error) error {
	return &Fault{Status: status, Message: err.Error(), cause: err}
}

// Raised returns the 500 with which Nova answers after an unexpected Python exception; it names
// the exception. The text is for the log.
func Raised(exception, format string, a ...any) error {
	return objects.ClassNamed("builtins."+exception).Errorf(0, format, a...)
}

// Bare returns a fault with webob's own explanation of the status.
func Bare(status int) *Fault { return &Fault{Status: status, Message: webob.Explanation(status)} }

var faultNames = map[int]string{
	400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod",
	409: "conflictingRequest", 413: "overLimit", 415: "badMediaType", 429: "overLimit",
	501: "notImplemented", 503: "serviceUnavailable",
}

// statusOf maps kinds of domain errors to the status that Nova's controllers give them; As
// overrides it.
var statusOf = map[objects.Kind]int{
	objects.KindNotFound:       404,
	objects.KindConflict:       409,
	objects.KindInvalid:        400,
	objects.KindForbidden:      403,
	objects.KindOverQuota:      403,
	objects.KindNotSupported:   400,
	objects.KindUnavailable:    503,
	objects.KindNotImplemented: 501,
	objects.KindUnauthorized:   401,
	objects.KindFailed:         500,
}

// faultOf maps an error to the fault that the client sees. errs are the error statuses that the
// row declares.
func faultOf(err error, errs []int) *Fault {
	var f *Fault
	var refused *policy.Forbidden
	var domain *objects.Error
	switch {
	case errors.As(err, &f):
	case errors.As(err, &refused):
		return &Fault{Status: 403, Message: refused.Error(), cause: err}
	case errors.As(err, &domain):
		if domain.Kind == 0 {
			return unexpected(err)
		}
		f = &Fault{Status: statusOf[domain.Kind], Message: domain.Error(), cause: err}
		if domain.Kind == objects.KindUnauthorized {
			f.Message = webob.Explanation(f.Status)
			return f
		}
		if domain.Kind == objects.KindUnavailable {
			f.Header = http.Header{"Retry-After": {"10"}}
			return f
		}
		if domain.Kind == objects.KindNotSupported || domain.Kind == objects.KindForbidden {
			return f
		}
	default:
		return unexpected(err)
	}
	switch f.Status {
	case 400, 401, 403, 503: // faults of validation, authorisation and unreachable databases are allowed for every operation
		return f
	}
	if errs == nil || slices.Contains(errs, f.Status) {
		return f
	}
	return unexpected(err)
}

// unexpected returns Nova's answer to an undeclared error; its text names the class of the
// error and no details.
func unexpected(err error) *Fault {
	return &Fault{Status: 500, cause: err,
		Message: "Unexpected API Error. Please contact the administrator\n<class '" + cmp.Or(pythonName(err), "Exception") + "'>"}
}

// pythonName returns the class of the first error of a tree that has one, as Python prints it; "": none has.
func pythonName(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		switch e := err.(type) { //nolint:errorlint // the loop unwraps it
		case interface{ PythonName() string }:
			return e.PythonName()
		case *objects.Error:
			name := e.Class.Name()
			if !strings.Contains(name, ".") { // classes of libraries already have a module
				name = "nova.exception." + name
			}
			return strings.TrimPrefix(name, "builtins.") // Python does not print this module
		case interface{ Unwrap() []error }:
			for _, one := range e.Unwrap() {
				if name := pythonName(one); name != "" {
					return name
				}
			}
		}
	}
	return ""
}

// document is the body of a fault.
func (f *Fault) document() []byte {
	name, ok := faultNames[f.Status]
	if !ok {
		name = "computeFault"
	}
	return Doc(func(o *Object) {
		o.Obj(name, func(o *Object) {
			o.Int("code", int64(f.Status))
			o.Str("message", f.Message)
			if after := f.Header.Get("Retry-After"); after != "" && (f.Status == 413 || f.Status == 429) {
				o.Str("retryAfter", after)
			}
		})
	}).AppendJSON(nil)
}
