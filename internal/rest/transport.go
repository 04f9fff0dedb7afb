package rest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/clienttls"
)

// NewTransport returns a connection pool with the TLS options of a group. Several sessions may
// share a pool. group is used in errors.
func NewTransport(group string, s config.Session) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		// All requests go to a few hosts, concurrently.
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       50 * time.Second, // less than the usual 60 s of proxies
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: s.Insecure}, //nolint:gosec // the operator's choice
	}
	switch bundle, variable := requestsBundle(); {
	case s.CAFile != "":
		pool, err := clienttls.Roots(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("[%s] cafile: %w", group, err)
		}
		t.TLSClientConfig.RootCAs = pool
	case bundle != "" && !s.Insecure:
		pool, err := bundles.at(bundle)
		if err != nil {
			return nil, fmt.Errorf("environment variable %s: %w", variable, err)
		}
		t.TLSClientConfig.RootCAs = pool
	}
	if s.CertFile != "" {
		cert, err := clienttls.Pair(s.CertFile, s.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("[%s] certfile: %w", group, err)
		}
		t.TLSClientConfig.Certificates = []tls.Certificate{cert}
	}
	ciphers, err := clienttls.Ciphers(s.TLSCiphers)
	if err != nil {
		return nil, fmt.Errorf("[%s] tls_ciphers: %w", group, err)
	}
	t.TLSClientConfig.CipherSuites = ciphers
	switch s.TLSMinVersion {
	case "1.2":
		t.TLSClientConfig.MinVersion = tls.VersionTLS12
	case "1.3":
		t.TLSClientConfig.MinVersion = tls.VersionTLS13
	}
	return t, nil
}

// requestsBundle returns the file or directory of CAs that Python's requests reads without cafile,
// and the environment variable that names it. Without one, crypto/x509 reads SSL_CERT_FILE and
// SSL_CERT_DIR.
func requestsBundle() (path, variable string) {
	for _, name := range []string{"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} {
		if path := os.Getenv(name); path != "" {
			return path, name
		}
	}
	return "", ""
}

// bundles keeps the CAs of requestsBundle, which the sessions of all groups share. Like those of the
// system, they are read once per process.
var bundles rootsCache

type rootsCache struct {
	mu    sync.Mutex
	pools map[string]*x509.CertPool
}

func (c *rootsCache) at(path string) (*x509.CertPool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if pool := c.pools[path]; pool != nil {
		return pool, nil
	}
	pool, err := clienttls.RootsAt(path)
	if err != nil {
		return nil, err
	}
	if c.pools == nil {
		c.pools = map[string]*x509.CertPool{}
	}
	c.pools[path] = pool
	return pool, nil
}
