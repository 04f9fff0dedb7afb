package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/nova-go/nova/internal/clienttls"
	amqp "github.com/rabbitmq/amqp091-go"
)

// HostProblem is a broker of a transport URL that cannot be used.
type HostProblem struct {
	Host   string // host:port
	Reason string // "does not answer: …", "refuses …"
	// Refused is set if the broker answers, but rejects this client.
	Refused bool
}

// Probe logs in to each broker of a transport URL, and opens its virtual host. It returns the number
// of brokers, and those that cannot be used. err is about the URL and the options; fake:// and
// none:// have no brokers.
func Probe(ctx context.Context, o Options, url string) (hosts int, problems []HostProblem, err error) {
	u, err := ParseURL(url)
	if err != nil || u.Driver == "none" {
		return 0, nil, err
	}
	o.Transport.TransportURL = url
	p, err := NewPool(o)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = p.Close() }()
	t, err := p.transport(url)
	if err != nil {
		return 0, nil, err
	}
	b, ok := t.(*broker)
	if !ok {
		return 0, nil, nil
	}
	list := u.Hosts // in their order
	if len(list) == 0 {
		list = b.dialer.hosts
	}
	for _, h := range list {
		conn, err := b.dialer.dial(ctx, h)
		if err == nil {
			_ = conn.Close()
			continue
		}
		reason, refused := b.dialer.explain(ctx, h, err)
		problems = append(problems, HostProblem{h.Addr(), reason, refused})
	}
	return len(list), problems, nil
}

// explain says why a connection to a host failed.
func (d *dialer) explain(ctx context.Context, h Host, err error) (reason string, refused bool) {
	var op *net.OpError
	var header tls.RecordHeaderError
	var amqpError *amqp.Error
	switch {
	case errors.Is(err, amqp.ErrSASL):
		return fmt.Sprintf("does not offer the login method %s", d.login), true
	case errors.As(err, &amqpError) && isRefusal(err) && strings.Contains(amqpError.Reason, "vhost"):
		return fmt.Sprintf("refuses the virtual host %q to the user %q: %s", d.vhost, h.User, amqpError.Reason), true
	case errors.As(err, &amqpError) && isRefusal(err):
		return fmt.Sprintf("refuses the login of the user %q: %s", h.User, amqpError.Reason), true
	case errors.As(err, &header):
		return "does not speak TLS on this port, but [oslo_messaging_rabbit] ssl is true", true
	case clienttls.CertificateReason(err) != "":
		return "has a certificate that cannot be verified: " + clienttls.CertificateReason(err), true
	case ctx.Err() != nil:
		return "does not answer: no answer in time", false
	case errors.As(err, &op) && op.Op == "remote error": // a TLS alert
		return "refuses the TLS connection: " + op.Err.Error(), true
	case errors.As(err, &op) && op.Op == "dial":
		return "does not answer: " + op.Err.Error(), false
	case d.tls == nil && (errors.Is(err, io.EOF) || errors.As(err, &amqpError) && amqpError.Code == amqp.FrameError):
		return "closes the connection before the login; it may expect TLS ([oslo_messaging_rabbit] ssl)", true
	}
	return "does not answer: " + err.Error(), false
}
