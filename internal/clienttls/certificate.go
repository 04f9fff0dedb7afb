package clienttls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// CertificateReason returns the text of the error in err about the certificate of a server, or "".
func CertificateReason(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown):
		return unknown.Error()
	case errors.As(err, &name):
		return name.Error()
	case errors.As(err, &invalid):
		return invalid.Error()
	case errors.As(err, &verification):
		return verification.Error()
	}
	return ""
}

// expiresSoon is the remaining life of a certificate from which Expiry reports it.
const expiresSoon = 30 * 24 * time.Hour

// Expiry says when a certificate expires that is valid for less than 30 days, "expires on 2026-12-31",
// or when it has expired; "" for others.
func Expiry(cert *x509.Certificate) (text string, expired bool) {
	left := time.Until(cert.NotAfter)
	day := cert.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case left < 0:
		return "has expired on " + day, true
	case left < expiresSoon:
		return "expires on " + day, false
	}
	return "", false
}
