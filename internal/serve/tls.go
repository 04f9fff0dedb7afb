package serve

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync/atomic"
)

// TLS is an address with its certificate.
type TLS struct {
	Addr     string
	CertFile string // PEM, including the chain
	KeyFile  string // PEM
	// Others are certificates for other names of the server. A client that asks for such a name gets its certificate.
	Others []KeyPair
	// ClientCAFile, if set, makes the server require client certificates of these authorities.
	ClientCAFile string
}

// KeyPair is a certificate, including its chain, and its key, in PEM.
type KeyPair struct{ CertFile, KeyFile string }

// config reads the files.
func (t TLS) config() (*tls.Config, error) {
	var certs []tls.Certificate
	for _, pair := range append([]KeyPair{{t.CertFile, t.KeyFile}}, t.Others...) {
		cert, err := tls.LoadX509KeyPair(pair.CertFile, pair.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s for %s: %w", pair.CertFile, pair.KeyFile, t.Addr, err)
		}
		certs = append(certs, cert)
	}
	c := &tls.Config{Certificates: certs, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if t.ClientCAFile != "" {
		pem, err := os.ReadFile(t.ClientCAFile)
		if err != nil {
			return nil, fmt.Errorf("client CA file for %s: %w", t.Addr, err)
		}
		c.ClientCAs = x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("client CA file %s for %s contains no certificate", t.ClientCAFile, t.Addr)
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// certificate is a TLS whose files can be read again.
type certificate struct {
	files   TLS
	current atomic.Pointer[tls.Config]
}

func newCertificate(t TLS) (*certificate, error) {
	c := &certificate{files: t}
	return c, c.reload()
}

// reload reads the files again; if that fails, the previous certificate stays in use.
func (c *certificate) reload() error {
	config, err := c.files.config()
	if err != nil {
		return err
	}
	c.current.Store(config)
	return nil
}

// config returns a configuration that always uses the current certificate.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current.Load(), nil },
	}
}
