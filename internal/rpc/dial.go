package rpc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/clienttls"
)

// dialTimeout limits the connection and the handshake with one broker, so that an unresponsive
// broker does not delay the attempt with the next one.
const dialTimeout = 10 * time.Second

// dialer connects to the brokers of a transport URL.
type dialer struct {
	hosts     []Host
	vhost     string
	login     string
	tls       *tls.Config // nil: without TLS
	heartbeat time.Duration
}

func newDialer(u *URL, r config.OsloMessagingRabbit) (*dialer, error) {
	d := &dialer{hosts: u.Hosts, vhost: u.VHost, login: r.RabbitLoginMethod, heartbeat: seconds(float64(r.HeartbeatTimeoutThreshold))}
	if len(d.hosts) == 0 {
		d.hosts = []Host{{Name: "localhost", User: "guest", Password: "guest"}}
	}
	if d.vhost == "" {
		d.vhost = "/"
	}
	switch d.login {
	case "AMQPLAIN", "PLAIN", "EXTERNAL":
	default:
		return nil, fmt.Errorf("[oslo_messaging_rabbit] rabbit_login_method: %s is not supported: AMQPLAIN, PLAIN or EXTERNAL", d.login)
	}
	if r.SSL {
		var err error
		if d.tls, err = tlsConfig(r); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// tlsConfig reproduces how oslo.messaging, kombu and Python's ssl use the options. With
// ssl_ca_file the certificate chain and the broker's name are verified, whatever
// ssl_enforce_hostname_verification says. Without it only the chain is verified, with the
// authorities of the system. Without ssl_ca_file but with ssl_version nothing is verified,
// because Python's old protocol constants verify only what the options name.
func tlsConfig(r config.OsloMessagingRabbit) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	switch v := strings.ToLower(r.SSLVersion); v {
	case "", "sslv23", "tls":
	case "tlsv1":
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
	case "tlsv1_1":
		c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
	case "tlsv1_2":
		c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	default:
		return nil, fmt.Errorf("[oslo_messaging_rabbit] ssl_version: invalid SSL version: %s", r.SSLVersion)
	}
	if r.SSLCertFile != "" {
		cert, err := clienttls.Pair(r.SSLCertFile, r.SSLKeyFile)
		if err != nil {
			return nil, fmt.Errorf("[oslo_messaging_rabbit] ssl_cert_file: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	if r.SSLCAFile == "" {
		c.InsecureSkipVerify = true // skips the name only; VerifyConnection verifies the chain
		if r.SSLVersion == "" {
			c.VerifyConnection = verifyChain
		}
		return c, nil
	}
	var err error
	if c.RootCAs, err = clienttls.Roots(r.SSLCAFile); err != nil {
		return nil, fmt.Errorf("[oslo_messaging_rabbit] ssl_ca_file: %w", err)
	}
	return c, nil
}

func verifyChain(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the broker has no certificate")
	}
	o := x509.VerifyOptions{Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(o)
	return err
}

// dial connects to one broker.
func (d *dialer) dial(ctx context.Context, h Host) (*amqp.Connection, error) {
	props := amqp.NewConnectionProperties()
	props["connection_name"] = fmt.Sprintf("%s:%d:%s", filepath.Base(os.Args[0]), os.Getpid(), newID())
	stop := func() bool { return true }
	defer func() { stop() }()
	cfg := amqp.Config{
		Vhost:      d.vhost,
		Heartbeat:  d.heartbeat,
		Properties: props,
		SASL:       d.sasl(h),
		Dial: func(network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			// The handshake of the library takes no context.
			stop = context.AfterFunc(ctx, func() { _ = c.Close() })
			// The library removes the deadline after the handshake.
			return c, c.SetDeadline(time.Now().Add(dialTimeout))
		},
	}
	scheme := "amqp"
	if d.tls != nil {
		scheme = "amqps"
		cfg.TLSClientConfig = d.tls.Clone()
		cfg.TLSClientConfig.ServerName = h.Name
	}
	return amqp.DialConfig(scheme+"://"+h.Addr(), cfg)
}

func (d *dialer) sasl(h Host) []amqp.Authentication {
	switch d.login {
	case "PLAIN":
		return []amqp.Authentication{&amqp.PlainAuth{Username: h.User, Password: h.Password}}
	case "EXTERNAL":
		return []amqp.Authentication{&amqp.ExternalAuth{}}
	}
	return []amqp.Authentication{&amqp.AMQPlainAuth{Username: h.User, Password: h.Password}}
}

// isRefusal tells whether err will not go away with further attempts: wrong credentials, an
// unknown virtual host, or a certificate that cannot be verified.
func isRefusal(err error) bool {
	var a *amqp.Error
	if errors.As(err, &a) {
		return a.Code == amqp.AccessRefused || a.Code == amqp.NotAllowed
	}
	var cert *tls.CertificateVerificationError
	return errors.As(err, &cert)
}
