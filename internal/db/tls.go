package db

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/nova-go/nova/internal/clienttls"
)

// setTLS applies the TLS parameters of a URL as SQLAlchemy and PyMySQL interpret them:
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
// If the URL has ssl_verify_cert as well as ssl_ca, PyMySQL ignores ssl_ca and verifies with
// the CAs of the system; here ssl_ca is used. An unsupported parameter is an error, because
// the operator may rely on it.
func setTLS(c *mysql.Config, q url.Values, host string) error {
	if err := applySSLMode(q); err != nil {
		return err
	}
	used := false
	for name := range q {
		if name != "ssl" && !strings.HasPrefix(name, "ssl_") {
			continue
		}
		if !slices.Contains(tlsParameters(), name) {
			return fmt.Errorf("database URL: %s is not known", name)
		}
		used = used || q.Get(name) != "" && name != "ssl_disabled"
	}
	if parseBool(q.Get("ssl_disabled")) {
		return nil
	}
	c.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true} // setVerification enables verification
	if !used {
		c.AllowFallbackToPlaintext = true
		// A driver that falls back changes the configuration of all its connections,
		// unless each has a copy.
		return c.Apply(mysql.BeforeConnect(func(context.Context, *mysql.Config) error { return nil }))
	}
	return setVerification(c.TLS, q, host)
}

func tlsParameters() []string {
	return strings.Fields("ssl ssl_ca ssl_capath ssl_cert ssl_key ssl_key_password ssl_cipher ssl_check_hostname ssl_verify_cert " +
		"ssl_verify_identity ssl_disabled")
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
		q.Set("ssl", "true")
		q.Set("ssl_verify_cert", "false")
	case "VERIFY_CA":
		q.Set("ssl_verify_cert", "true")
	case "VERIFY_IDENTITY":
		q.Set("ssl_verify_identity", "true")
	default:
		return fmt.Errorf("database URL: ssl_mode=%s is not known", mode)
	}
	return nil
}

// parseBool parses a boolean as SQLAlchemy does.
func parseBool(text string) bool {
	return slices.Contains([]string{"true", "yes", "on", "y", "t", "1"}, strings.ToLower(text))
}

// setVerification sets the certificates, the ciphers and the verification of t.
func setVerification(t *tls.Config, q url.Values, host string) (err error) {
	ca, path := q.Get("ssl_ca"), q.Get("ssl_capath")
	roots, err := loadCAs(ca, path)
	if err != nil {
		return err
	}
	if q.Get("ssl_key_password") != "" {
		return errors.New("database URL: ssl_key_password: encrypted keys cannot be read")
	}
	if cert := q.Get("ssl_cert"); cert != "" {
		pair, err := clienttls.Pair(cert, q.Get("ssl_key"))
		if err != nil {
			return fmt.Errorf("database URL: ssl_cert: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	if t.CipherSuites, err = clienttls.Ciphers(q.Get("ssl_cipher")); err != nil {
		return fmt.Errorf("database URL: ssl_cipher: %w", err)
	}
	chain, name := whatToVerify(q, roots != nil)
	if !chain {
		return nil
	}
	t.VerifyConnection = func(s tls.ConnectionState) error {
		between := x509.NewCertPool()
		for _, c := range s.PeerCertificates[1:] {
			between.AddCert(c)
		}
		leaf := s.PeerCertificates[0]
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between}); err != nil || !name {
			return err
		}
		return verifyName(leaf, host)
	}
	return nil
}

// whatToVerify tells whether the certificate chain and the server's name are verified.
func whatToVerify(q url.Values, ca bool) (chain, name bool) {
	cert, identity := strings.ToLower(q.Get("ssl_verify_cert")), q.Get("ssl_verify_identity")
	switch {
	case identity != "":
		return true, parseBool(identity)
	case slices.Contains([]string{"none", "0", "false", "no"}, cert):
		return false, false
	case slices.Contains([]string{"required", "1", "true", "yes", "optional"}, cert):
		return true, parseBool(q.Get("ssl_check_hostname"))
	case cert != "":
		return ca, false
	}
	checked := q.Get("ssl_check_hostname")
	return ca, ca && (checked == "" || parseBool(checked))
}

// loadCAs returns the CA certificates of a file and of the files in a directory, or nil if both
// are "".
func loadCAs(file, dir string) (*x509.CertPool, error) {
	var files []string
	if dir != "" {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("database URL: ssl_capath: %w", err)
		}
		for _, e := range entries {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	switch {
	case file != "" && dir == "":
		roots, err := clienttls.Roots(file)
		if err != nil {
			return nil, fmt.Errorf("database URL: ssl_ca: %w", err)
		}
		return roots, nil
	case dir == "":
		return nil, nil
	}
	roots := x509.NewCertPool()
	for _, f := range append(files, file) {
		pem, err := os.ReadFile(f)
		if err != nil && f == file && file != "" {
			return nil, fmt.Errorf("database URL: ssl_ca: %w", err)
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
