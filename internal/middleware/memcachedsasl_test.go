package middleware_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// saslMemcached speaks memcached's binary protocol with SASL.
type saslMemcached struct {
	net.Listener
	mu      sync.Mutex
	values  map[string][]byte
	logins  int
	between bool // the connection ends after each request
}

func newSASLMemcached(t *testing.T) *saslMemcached {
	m := &saslMemcached{values: map[string][]byte{}}
	m.Listener = testproc.Listen(t, m.serve)
	return m
}

func (m *saslMemcached) serve(c net.Conn) {
	for known := false; ; {
		var head [24]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[8:]))
		if _, err := io.ReadFull(c, body); err != nil {
			return
		}
		extras := int(head[4])
		key := string(body[extras : extras+int(binary.BigEndian.Uint16(head[2:]))])
		value := bytes.Clone(body[extras+len(key):])
		status, answer, flags := uint16(0), []byte(nil), []byte(nil)
		m.mu.Lock()
		switch {
		case head[1] == 0x21:
			m.logins++
			if known = key == "PLAIN" && string(value) == "\x00user\x00secret"; !known {
				status, answer = 0x20, []byte("Auth failure.")
			}
		case !known:
			status, answer = 0x20, []byte("Auth failure.")
		case head[1] == 0x01:
			m.values[key] = append(bytes.Clone(body[:4]), value...)
		case m.values[key] == nil:
			status, answer = 0x01, []byte("Not found")
		default:
			flags, answer = m.values[key][:4], m.values[key][4:]
		}
		m.mu.Unlock()
		reply := [24]byte{0: 0x81, 1: head[1], 4: byte(len(flags))}
		binary.BigEndian.PutUint16(reply[6:], status)
		binary.BigEndian.PutUint32(reply[8:], uint32(len(flags)+len(answer)))
		_, _ = c.Write(append(append(reply[:], flags...), answer...))
		if m.between && head[1] != 0x21 {
			return
		}
	}
}

func TestMemcachedSASL(t *testing.T) {
	for _, strategy := range []string{"None", "ENCRYPT"} {
		for _, between := range []bool{false, true} {
			m := newSASLMemcached(t)
			m.between = between
			c := config.KeystoneAuthtoken{MemcachedServers: []string{m.Addr().String()}, TokenCacheTime: 60, MemcacheSecurityStrategy: strategy,
				MemcacheSecretKey: "key", MemcachePoolSocketTimeout: 3, MemcacheSASLEnabled: true, MemcacheUsername: "user", MemcachePassword: "secret"}
			store, err := middleware.NewMemcached(c, zerolog.Nop())
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := store.Get("token"); ok {
				t.Error("a token that nobody stored")
			}
			store.Set("token", []byte(`{"token": {}}`))
			if got, ok := store.Get("token"); !ok || string(got) != `{"token": {}}` {
				t.Errorf("%s: got %q %v", strategy, got, ok)
			}
			if m.mu.Lock(); !between && m.logins != 1 {
				t.Errorf("%d logins over one connection", m.logins)
			}
			m.mu.Unlock()
			c.MemcachePassword = "wrong"
			if store, err = middleware.NewMemcached(c, zerolog.Nop()); err != nil {
				t.Fatal(err)
			}
			if _, ok := store.Get("token"); ok {
				t.Error("a token with a wrong password")
			}
		}
	}
}
