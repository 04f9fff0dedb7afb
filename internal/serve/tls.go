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
	CertFile string // PEM, the chain included
	KeyFile  string // PEM
	// ClientCAFile, if given, makes clients show a certificate signed by one of these.
	ClientCAFile string
}

// config reads the certificate.
func (t TLS) config() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s for %s: %w", t.CertFile, t.KeyFile, t.Addr, err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if t.ClientCAFile != "" {
		pem, err := os.ReadFile(t.ClientCAFile)
		if err != nil {
			return nil, fmt.Errorf("client CA file for %s: %w", t.Addr, err)
		}
		c.ClientCAs = x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("client CA file %s for %s holds no certificate", t.ClientCAFile, t.Addr)
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// certificate is a TLS whose files can be read anew.
type certificate struct {
	files   TLS
	current atomic.Pointer[tls.Config]
}

func newCertificate(t TLS) (*certificate, error) {
	c := &certificate{files: t}
	return c, c.reload()
}

// reload reads the files again; if that fails, what was there stays.
func (c *certificate) reload() error {
	config, err := c.files.config()
	if err != nil {
		return err
	}
	c.current.Store(config)
	return nil
}

// config is a configuration that always follows the current files.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current.Load(), nil },
	}
}
