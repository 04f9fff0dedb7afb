package db

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/nova-go/nova/internal/clienttls"
)

// setTLS applies the TLS parameters of a URL as PyMySQL interprets them:
//
//   - none: TLS if the server supports it, without verification;
//   - ssl_ca or ssl_capath: TLS, with verification of the chain, and of the server's name
//     unless ssl_check_hostname is false;
//   - ssl_verify_cert or ssl_verify_identity: TLS, with the verification that they ask for,
//     with the CAs of the system if there is no ssl_ca. ssl_verify_cert alone does not
//     verify the server's name;
//   - any other: TLS without verification;
//   - ssl_disabled: no TLS.
//
// PyMySQL drops what SQLAlchemy passes to it in a dictionary (ssl_ca, ssl_capath, ssl_cert,
// ssl_key, ssl_cipher, ssl_check_hostname) if the URL also has ssl_verify_cert or
// ssl_verify_identity; and takes every text of ssl_disabled for true. Here each parameter means
// what it says, because the operator relies on it.
func setTLS(c *mysql.Config, q url.Values, host string) error {
	if err := applySSLMode(q); err != nil {
		return err
	}
	for _, name := range []string{"ssl_disabled", "ssl_check_hostname"} {
		if _, ok := pythonBool(q.Get(name)); !ok && q.Has(name) {
			return wrong(name, "%q is neither true nor false", q.Get(name))
		}
	}
	disabled := isTrue(q.Get("ssl_disabled"))
	q.Del("ssl_disabled")
	if len(q) == 1 && q.Has("ssl") && !disabled {
		return wrong("ssl", "it cannot be given in a URL; write ssl_ca or ssl_verify_cert, or ssl_verify_cert=false for TLS without verification")
	}
	if disabled {
		return nil
	}
	c.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true} // setVerification enables verification
	if len(q) == 0 {
		c.AllowFallbackToPlaintext = true
		// A driver that falls back changes the configuration of all its connections,
		// unless each has a copy.
		return c.Apply(mysql.BeforeConnect(func(context.Context, *mysql.Config) error { return nil }))
	}
	return setVerification(c.TLS, q, host)
}

// tlsParameters returns the TLS parameters of SQLAlchemy and PyMySQL.
func tlsParameters() []string {
	return strings.Fields("ssl ssl_ca ssl_capath ssl_cert ssl_key ssl_cipher ssl_check_hostname " +
		"ssl_verify_cert ssl_verify_identity ssl_disabled")
}

// applySSLMode replaces mysqlclient's parameter ssl_mode by parameters of PyMySQL.
func applySSLMode(q url.Values) error {
	mode := strings.ToUpper(q.Get("ssl_mode"))
	q.Del("ssl_mode")
	switch mode {
	case "", "PREFERRED":
	case "DISABLED":
		q.Set("ssl_disabled", "true")
	case "REQUIRED":
		q.Set("ssl_verify_cert", "false")
	case "VERIFY_CA":
		q.Set("ssl_verify_cert", "true")
	case "VERIFY_IDENTITY":
		q.Set("ssl_verify_identity", "true")
	default:
		return &parameterError{"ssl_mode", "=" + mode + " is not known"}
	}
	return nil
}

// isTrue tells whether text is one of SQLAlchemy's words for true.
func isTrue(text string) bool {
	value, ok := pythonBool(text)
	return value && ok
}

// setVerification sets the certificates, the ciphers and the verification of t.
func setVerification(t *tls.Config, q url.Values, host string) (err error) {
	ca, path := q.Get("ssl_ca"), q.Get("ssl_capath")
	roots, err := loadCAs(ca, path)
	if err != nil {
		return err
	}
	if cert := q.Get("ssl_cert"); cert != "" {
		pair, err := clienttls.Pair(cert, q.Get("ssl_key"))
		if err != nil {
			return wrong("ssl_cert", "%w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	if t.CipherSuites, err = clienttls.Ciphers(q.Get("ssl_cipher")); err != nil {
		return wrong("ssl_cipher", "%w", err)
	}
	chain, name := whatToVerify(q, roots != nil)
	if !chain {
		return nil
	}
	if !name {
		host = ""
	}
	t.VerifyConnection = verifier(roots, host)
	return nil
}

// verifier returns a function for tls.Config.VerifyConnection that verifies the chain with the
// roots, or with the CAs of the system if they are nil, and the name of the server unless it is "".
func verifier(roots *x509.CertPool, name string) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		between := x509.NewCertPool()
		for _, c := range s.PeerCertificates[1:] {
			between.AddCert(c)
		}
		leaf := s.PeerCertificates[0]
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between}); err != nil || name == "" {
			return err
		}
		return verifyName(leaf, name)
	}
}

// whatToVerify tells whether the certificate chain and the server's name are verified.
func whatToVerify(q url.Values, ca bool) (chain, name bool) {
	cert, identity := strings.ToLower(q.Get("ssl_verify_cert")), q.Get("ssl_verify_identity")
	switch {
	case identity != "":
		return true, isTrue(identity)
	case slices.Contains([]string{"none", "0", "false", "no"}, cert):
		return false, false
	case slices.Contains([]string{"required", "1", "true", "yes", "optional"}, cert):
		return true, isTrue(q.Get("ssl_check_hostname"))
	case cert != "":
		return ca, false
	}
	checked := q.Get("ssl_check_hostname")
	return ca, ca && (checked == "" || isTrue(checked))
}

// loadCAs returns the CA certificates of a file and of the files in a directory, or nil if both
// are "".
func loadCAs(file, dir string) (*x509.CertPool, error) {
	if file == "" && dir == "" {
		return nil, nil
	}
	if dir == "" {
		roots, err := clienttls.Roots(file)
		if err != nil {
			return nil, wrong("ssl_ca", "%w", err)
		}
		return roots, nil
	}
	roots := x509.NewCertPool()
	if _, err := clienttls.AppendDir(roots, dir); err != nil {
		return nil, wrong("ssl_capath", "%w", err)
	}
	if file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, wrong("ssl_ca", "%w", err)
		}
		roots.AppendCertsFromPEM(pem)
	}
	return roots, nil
}

// verifyName verifies the host name with crypto/x509. As in OpenSSL, the common name is compared
// if the certificate has no host names in its subjectAltName.
func verifyName(leaf *x509.Certificate, host string) error {
	err := leaf.VerifyHostname(host)
	if err == nil || len(leaf.DNSNames) > 0 || net.ParseIP(host) != nil {
		return err
	}
	named := *leaf
	named.DNSNames = []string{leaf.Subject.CommonName}
	named.Extensions = nil
	if hasName := named.VerifyHostname(host); hasName == nil {
		return nil
	}
	return err
}
