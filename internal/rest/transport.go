package rest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/nova-go/nova/config"
)

// NewTransport makes a pool of connections with the TLS options of a group. One
// pool may serve several sessions. group is for errors.
func NewTransport(group string, s config.Session) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		// All calls go to a handful of hosts, from as many requests at once as
		// there are.
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       50 * time.Second, // below the usual 60 s of proxies
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: s.Insecure}, //nolint:gosec // the operator's choice
	}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("[%s] cafile: %w", group, err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("[%s] cafile: %s holds no certificate", group, s.CAFile)
		}
		t.TLSClientConfig.RootCAs = pool
	}
	if s.CertFile != "" {
		key := s.KeyFile
		if key == "" {
			key = s.CertFile
		}
		cert, err := tls.LoadX509KeyPair(s.CertFile, key)
		if err != nil {
			return nil, fmt.Errorf("[%s] certfile, keyfile: %w", group, err)
		}
		t.TLSClientConfig.Certificates = []tls.Certificate{cert}
	}
	switch s.TLSMinVersion {
	case "1.2":
		t.TLSClientConfig.MinVersion = tls.VersionTLS12
	case "1.3":
		t.TLSClientConfig.MinVersion = tls.VersionTLS13
	}
	return t, nil
}
