package middleware_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/clienttls"
	"github.com/nova-go/nova/internal/memcache/memcachetest"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/novatest"
)

func TestMemcached(t *testing.T) {
	for strategy, key := range map[string]string{
		"None":    "tokens/3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0", // sha256("token")
		"MAC":     "tokens/b'",
		"encrypt": "tokens/b'",
	} {
		m := memcachetest.New(t)
		c := config.KeystoneAuthtoken{MemcachedServers: []string{m.Addr().String()}, TokenCacheTime: 300, MemcacheSecurityStrategy: strategy, MemcacheSecretKey: "s", MemcachePoolSocketTimeout: 1, MemcachePoolDeadRetry: 300}
		store, err := middleware.NewMemcached(c, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := store.Get("token"); ok {
			t.Errorf("%s: found what is not there", strategy)
		}
		store.Set("token", []byte("answer"))
		if got, ok := store.Get("token"); !ok || string(got) != "answer" || m.TTL != "300" {
			t.Errorf("%s: %q, ttl %s", strategy, got, m.TTL)
		}
		for name, value := range m.Values {
			if !strings.HasPrefix(name, key) || (strategy == "encrypt") == strings.Contains(value, "YW5zd2Vy") && strategy != "None" {
				t.Errorf("%s: %s = %q", strategy, name, value)
			}
			m.Values[name] = strings.ToUpper(value)
		}
		if got, ok := store.Get("token"); ok && strategy != "None" {
			t.Errorf("%s: accepts %q", strategy, got)
		}
	}
}

// TestMemcachedTLS talks to servers that want a client's certificate.
func TestMemcachedTLS(t *testing.T) {
	cert, key := novatest.Certificate(t, "127.0.0.1")
	other, _ := novatest.Certificate(t, "127.0.0.1")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := clienttls.Roots(cert)
	if err != nil {
		t.Fatal(err)
	}
	var servers []*memcachetest.Server
	c := config.KeystoneAuthtoken{TokenCacheTime: 300, MemcachePoolSocketTimeout: 1, MemcacheTLSEnabled: true,
		MemcacheTLSCAFile: cert, MemcacheTLSCertFile: cert, MemcacheTLSKeyFile: key, MemcacheTLSAllowedCiphers: "ECDHE+AESGCM"}
	for range 2 {
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert})
		if err != nil {
			t.Fatal(err)
		}
		servers = append(servers, memcachetest.Serve(t, l))
		c.MemcachedServers = append(c.MemcachedServers, l.Addr().String())
	}
	use := func(c config.KeystoneAuthtoken) (string, error) {
		store, err := middleware.NewMemcached(c, zerolog.Nop())
		if err != nil {
			return "", err
		}
		store.Set("token", []byte("answer"))
		got, _ := store.Get("token")
		return string(got), nil
	}
	if got, err := use(c); got != "answer" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if len(servers[0].Values) != 1 || len(servers[1].Values) != 1 {
		t.Error("not all servers have it")
	}
	strange := c
	strange.MemcacheTLSCAFile = other
	if got, err := use(strange); got != "" || err != nil {
		t.Errorf("%q of a server that another authority signed, %v", got, err)
	}
	strange.MemcacheTLSCAFile = "/nowhere"
	if _, err := use(strange); err == nil || !strings.Contains(err.Error(), "memcache_tls_cafile") {
		t.Errorf("no such file: %v", err)
	}
	c.MemcacheTLSAllowedCiphers = "DES"
	if _, err := use(c); err == nil || !strings.Contains(err.Error(), "memcache_tls_allowed_ciphers") {
		t.Errorf("no ciphers: %v", err)
	}
}

// TestMemcachedCompressed reads what Python's client for TLS has written.
func TestMemcachedCompressed(t *testing.T) {
	m := memcachetest.New(t)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = io.WriteString(w, "answer")
	_ = w.Close()
	m.Flags = 24
	m.Values["tokens/3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0"] = z.String()
	store, err := middleware.NewMemcached(config.KeystoneAuthtoken{MemcachedServers: []string{m.Addr().String()}, MemcachePoolSocketTimeout: 1}, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := store.Get("token"); string(got) != "answer" {
		t.Errorf("%q", got)
	}
	m.Flags = 1 // a pickle
	if got, ok := store.Get("token"); ok {
		t.Errorf("%q", got)
	}
}

func TestMemcachedDead(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := l.Addr().String()
	_ = l.Close()
	m := memcachetest.New(t)
	c := config.KeystoneAuthtoken{MemcachedServers: []string{dead, m.Addr().String()}, TokenCacheTime: 300, MemcachePoolSocketTimeout: 1, MemcachePoolDeadRetry: 300}
	store, err := middleware.NewMemcached(c, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 { // the dead server is found out by the first token that falls to it
		token := fmt.Sprint(i)
		store.Set(token, []byte("a"))
		store.Set(token, []byte("a"))
		if _, ok := store.Get(token); !ok {
			t.Errorf("token %d is lost", i)
		}
	}
}

// TestMemcachedSpares tells that a process takes from the others what they know.
func TestMemcachedSpares(t *testing.T) {
	k, m := newKeystone(t), memcachetest.New(t)
	k.give("good", tokenOf("ann", "demo", 3600e9, k.URL, "member"))
	options := "memcached_servers = " + m.Addr().String() + "\n"
	for range 2 {
		if resp := serve(t, get("X-Auth-Token", "good"), handler(ok), k.filter(t, options, nil)); resp.StatusCode != 200 {
			t.Errorf("%d", resp.StatusCode)
		}
	}
	if n := k.checks.Load(); n != 1 {
		t.Errorf("%d checks by two processes", n)
	}
}

type fixedAnswer []byte

func (f fixedAnswer) CheckToken(context.Context, string, bool) ([]byte, error) { return f, nil }

// FuzzTokenAnswer feeds arbitrary answers of Keystone (or contents of memcached).
func FuzzTokenAnswer(f *testing.F) {
	f.Add([]byte(`{"token": {"expires_at": "2099-01-01T00:00:00.000000Z", "user": {"id": "u"}, "roles": [{"name": "a"}], "catalog": [{"type": "x", "endpoints": [{"interface": "public", "url": "u", "region": null}]}]}}`))
	f.Add([]byte(`{"token": {"expires_at": "2099-01-01T00:00:00Z", "user": {"id": "u"}, "system": {"all": true}, "application_credential": {"access_rules": [{"path": "/{a"}]}}}`))
	f.Add([]byte(`{"token": null}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		filter := middleware.AuthToken(middleware.AuthTokenOptions{Config: config.KeystoneAuthtoken{TokenCacheTime: -1, IncludeServiceCatalog: true, EnforceTokenBind: "permissive", WWWAuthenticateURI: "x", ServiceTokenRolesRequired: true, ServiceType: "x"}, Checker: fixedAnswer(answer), Log: zerolog.Nop()})
		resp := serve(t, get("X-Auth-Token", "t"), handler(ok), filter, middleware.KeystoneContext(middleware.KeystoneContextOptions{Log: zerolog.Nop()}))
		if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%d", resp.StatusCode)
		}
	})
}
