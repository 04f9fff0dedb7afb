package glance

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rest"
)

// failure is an answer of Glance for which Nova has no exception.
type failure struct {
	error
	class string // glanceclient's
}

func (f *failure) Unwrap() error { return f.error }

// PythonName returns the class that glanceclient raises, as Python prints it. Nova's answer to an
// unexpected error contains it.
func (f *failure) PythonName() string { return "glanceclient.exc." + f.class }

// clientClasses are glanceclient's classes for statuses; it has HTTPException for others.
var clientClasses = map[int]string{300: "HTTPMultipleChoices", 400: "HTTPBadRequest", 401: "HTTPUnauthorized", 403: "HTTPForbidden",
	404: "HTTPNotFound", 405: "HTTPMethodNotAllowed", 409: "HTTPConflict", 413: "HTTPOverLimit", 500: "HTTPInternalServerError",
	501: "HTTPNotImplemented", 502: "HTTPBadGateway"}

// failureOf gives the error of a request its class: GlanceConnectionFailed if all attempts got no
// answer or status 503, and otherwise that of glanceclient.
func failureOf(endpoint string, err error) error {
	answer, answered := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	switch {
	case answered && answer.Actual != http.StatusServiceUnavailable:
		return &failure{err, cmp.Or(clientClasses[answer.Actual], "HTTPException")}
	case answered, rest.IsNetwork(err):
		return &objects.Error{Class: objects.ErrGlanceConnectionFailed,
			Message: fmt.Sprintf("Connection to glance host %s failed: %v", endpoint, err), Cause: err}
	}
	return err
}
