package serve_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/serve"
)

// New connections get the certificate that was reloaded, those that are open
// keep theirs; a broken file changes nothing; HTTP/2 requests under way end well.
func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	address := testproc.Address(t)
	entered, release := make(chan bool, 1), make(chan bool)
	s, err := serve.Open(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			entered <- true
			<-release
		}
		_, _ = io.WriteString(w, r.Proto)
	}), serve.Options{IdleGrace: 50 * time.Millisecond, HTTPS: []serve.TLS{{Addr: address, CertFile: cert, KeyFile: key}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	serial := func(c *http.Client, path string) string {
		r, err := c.Get("https://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		body, err := io.ReadAll(r.Body)
		if string(body) != "HTTP/2.0" || err != nil {
			t.Errorf("got %q %v", body, err)
		}
		return string(r.TLS.PeerCertificates[0].Signature)
	}
	client := func() *http.Client {
		return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
	}
	old := client()
	first := serial(old, "/")
	certificate(t, dir)
	if err := s.ReloadCertificates(); err != nil {
		t.Fatal(err)
	}
	second := serial(client(), "/")
	if second == first || serial(old, "/") != first {
		t.Error("the new certificate is not where it should be")
	}
	if err := os.WriteFile(cert, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.ReloadCertificates(); err == nil {
		t.Error("a broken certificate is taken")
	}
	if serial(client(), "/") != second {
		t.Error("a broken certificate changed something")
	}
	slow := make(chan string, 1)
	go func() { slow <- serial(old, "/slow") }()
	<-entered
	cancel()
	testproc.Eventually(t, "it listens no more", func() bool { return !listens("tcp", address) })
	close(release)
	if <-slow != first {
		t.Error("another connection answered")
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A client gets the certificate of the name that it asks for, or else the first one.
func TestCertificatesByName(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t, t.TempDir(), "internal.example")
	other, otherKey := certificate(t, t.TempDir(), "public.example")
	address := testproc.Address(t)
	s, err := serve.Open(http.NotFoundHandler(), serve.Options{HTTPS: []serve.TLS{{Addr: address, CertFile: cert, KeyFile: key,
		Others: []serve.KeyPair{{CertFile: other, KeyFile: otherKey}}}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	for name, want := range map[string]string{"public.example": "public.example", "internal.example": "internal.example", "other.example": "internal.example"} {
		c, err := tls.Dial("tcp", address, &tls.Config{ServerName: name, InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.ConnectionState().PeerCertificates[0].DNSNames[0]; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		_ = c.Close()
	}
	_, err = serve.Open(http.NotFoundHandler(), serve.Options{HTTPS: []serve.TLS{{Addr: address, CertFile: cert, KeyFile: key,
		Others: []serve.KeyPair{{CertFile: "none.pem", KeyFile: otherKey}}}}})
	if err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("a missing certificate: %v", err)
	}
}
