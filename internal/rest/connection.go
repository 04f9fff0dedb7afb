package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && string(record.RecordHeader[:]) == "HTTP/" {
		err = fmt.Errorf("%w: %w", http.ErrSchemeMismatch, err) // net/http says so only for the errors of its own transport
	}
	class := "ConnectFailure"
	var timeout net.Error
	switch {
	case isTLS(err):
		class = "SSLError"
	case errors.As(err, &timeout) && timeout.Timeout():
		class = "ConnectTimeout"
	}
	return nil, &connectionError{err, class}
}

// isTLS tells whether a handshake has failed: by the certificate, by an alert, or because the server does not speak TLS.
func isTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert *net.OpError // crypto/tls has no type for alerts
	return errors.As(err, &certificate) || errors.As(err, &record) ||
		errors.As(err, &alert) && (alert.Op == "remote error" || alert.Op == "local error")
}

// CloseIdleConnections closes the idle connections of the wrapped transport; http.Client calls it.
func (t *namingTransport) CloseIdleConnections() { closeIdle(t.RoundTripper) }

// closeIdle closes the idle connections of a transport that has any.
func closeIdle(t http.RoundTripper) {
	if c, ok := t.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
