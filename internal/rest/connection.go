package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// connectionError is a request without an answer.
type connectionError struct {
	error
	class string // keystoneauth's
}

func (e *connectionError) Unwrap() error { return e.error }

// PythonName returns the class that keystoneauth raises, as Python prints it. Nova's answer to an
// unexpected error contains it.
func (e *connectionError) PythonName() string {
	return "keystoneauth1.exceptions.connection." + e.class
}

// namingTransport returns connectionErrors.
type namingTransport struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t *namingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.RoundTripper.RoundTrip(r)
	if err == nil || errors.Is(err, context.Canceled) {
		return answer, err
	}
	class := "ConnectFailure"
	var refused *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &refused):
		class = "SSLError"
	case errors.As(err, &timeout) && timeout.Timeout():
		class = "ConnectTimeout"
	}
	return nil, &connectionError{err, class}
}

// CloseIdleConnections closes the idle connections of the wrapped transport; http.Client calls it.
func (t *namingTransport) CloseIdleConnections() { closeIdle(t.RoundTripper) }

// closeIdle closes the idle connections of a transport that has any.
func closeIdle(t http.RoundTripper) {
	if c, ok := t.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
