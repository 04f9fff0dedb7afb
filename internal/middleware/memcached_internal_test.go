package middleware

import (
	"bytes"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
)

// FuzzCacheEntry feeds what others may have put into memcached to the reader of
// plain, signed and encrypted entries, and reads back what is written.
func FuzzCacheEntry(f *testing.F) {
	stores := map[string]*memcached{}
	for _, strategy := range []string{"None", "MAC", "ENCRYPT"} {
		s, err := NewMemcached(config.KeystoneAuthtoken{MemcachedServers: []string{"h"}, MemcacheSecurityStrategy: strategy, MemcacheSecretKey: "key"}, zerolog.Nop())
		if err != nil {
			f.Fatal(err)
		}
		m := s.(*memcached)
		stores[strategy] = m
		entry, err := m.protect(m.derive("token"), []byte(`{"token": {}}`))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, entry []byte) {
		for strategy, m := range stores {
			keys := m.derive("token")
			_, _ = m.unprotect(keys, bytes.Clone(entry))
			// What is signed rightly gets past the signature.
			if strategy != "None" {
				_, _ = m.unprotect(keys, append(signature(keys.sign, entry), entry...))
			}
			written, err := m.protect(keys, entry)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := m.unprotect(keys, bytes.Clone(written)); err != nil || !bytes.Equal(got, entry) {
				t.Errorf("%s: %q, %v", strategy, got, err)
			}
			if got, err := m.unprotect(m.derive("other"), bytes.Clone(written)); strategy != "None" && err == nil {
				t.Errorf("%s: read with another token's keys: %q", strategy, got)
			}
		}
	})
}

// FuzzAuditMap reads arbitrary audit maps.
func FuzzAuditMap(f *testing.F) {
	f.Add("[DEFAULT]\na = b\n[path_keywords]\nservers: server\n  more\n")
	f.Add("[a]\n[a]\nx=%%\n;c")
	f.Fuzz(func(t *testing.T, text string) { _, _ = parseAuditMap(text) })
}
