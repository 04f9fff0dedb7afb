package clienttls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
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
