package serve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/rs/zerolog"
)

// source is a listener with its protocol.
type source interface {
	// serve returns nil after shutdown or close.
	serve() error
	// shutdown stops listening and waits until all is answered or ctx is done.
	shutdown(ctx context.Context) error
	// close ends what is still going on.
	close()
}

// httpSource is HTTP or HTTPS.
type httpSource struct {
	server   *http.Server
	listener net.Listener
}

func newHTTPSource(l net.Listener, h http.Handler, o *Options, config *tls.Config) *httpSource {
	return &httpSource{
		listener: timedListener{l, o.WriteTimeout},
		server: &http.Server{
			Handler:           paced(h, o),
			TLSConfig:         config,
			ReadHeaderTimeout: o.ReadHeaderTimeout,
			IdleTimeout:       o.IdleTimeout,
			MaxHeaderBytes:    o.MaxHeaderBytes,
			ErrorLog:          stdlog.New(logWriter{o.Log}, "", 0),
		},
	}
}

func (s *httpSource) serve() error {
	var err error
	if s.server.TLSConfig != nil {
		err = s.server.ServeTLS(s.listener, "", "")
	} else {
		err = s.server.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *httpSource) shutdown(ctx context.Context) error { return s.server.Shutdown(ctx) }

func (s *httpSource) close() { _ = s.server.Close() }

// config reads the certificate, so that a wrong one is an error at the start.
func (t TLS) config() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s for %s: %w", t.CertFile, t.KeyFile, t.Addr, err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
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

// logWriter brings net/http's own complaints, mostly about clients, into the log.
type logWriter struct{ log zerolog.Logger }

func (w logWriter) Write(p []byte) (int, error) {
	e := w.log.Debug()
	if strings.HasPrefix(string(p), "http: panic") {
		e = w.log.Error()
	}
	e.Msg(strings.TrimSpace(string(p)))
	return len(p), nil
}
