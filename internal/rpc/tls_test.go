package rpc_test

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rpc"
)

// TestBrokerTLS connects to a broker that stands by its certificate, and looks
// whether the client goes on.
func TestBrokerTLS(t *testing.T) {
	cert, key := novatest.Certificate(t, "127.0.0.1")
	other, otherKey := novatest.Certificate(t, "elsewhere")
	for name, c := range map[string]struct {
		cert, key, ca, version string
		enforce, trusted       bool
	}{
		"name and chain":                {cert, key, cert, "", true, true},
		"another name":                  {other, otherKey, other, "", true, false},
		"which the option cannot help":  {other, otherKey, other, "", false, false},
		"another authority":             {cert, key, other, "", true, false},
		"the system's authorities":      {cert, key, "", "", true, false},
		"one of Python's old protocols": {other, otherKey, "", "TLSv1_2", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			pair, err := tls.LoadX509KeyPair(c.cert, c.key)
			if err != nil {
				t.Fatal(err)
			}
			l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			trusted := make(chan bool, 1)
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				err = conn.(*tls.Conn).Handshake()
				if err == nil {
					_, err = conn.Read(make([]byte, 1)) // AMQP's header
				}
				trusted <- err == nil
			}()
			o := rpc.Options{}
			o.Transport.TransportURL = "rabbit://u:p@" + l.Addr().String() + "/"
			o.Rabbit.SSL, o.Rabbit.SSLCAFile, o.Rabbit.SSLVersion, o.Rabbit.SSLEnforceHostnameVerification = true, c.ca, c.version, c.enforce
			o.Rabbit.RabbitLoginMethod, o.Rabbit.RabbitRetryInterval = "PLAIN", 1
			p, err := rpc.NewPool(o)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			client, err := p.Client("")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_ = client.Cast(ctx, &reqctx.Caller{}, rpc.Target{Topic: "compute", Version: "6.0"}, "nothing", nil)
			if got := <-trusted; got != c.trusted {
				t.Errorf("trusted: %t", got)
			}
		})
	}
}
