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
	// ClientCAFile, if set, makes the server require client certificates of these authorities.
	ClientCAFile string
}

// config reads the files.
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
