package middleware

import (
	"bytes"
	"compress/zlib"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"time"

	gomemcache "github.com/bradfitz/gomemcache/memcache"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/memcache"
)

// memcached is the TokenStore that is shared with Python's auth_token: it uses the same keys,
// servers and values, with the same signature or encryption.
type memcached struct {
	servers  *memcache.Servers
	ttl      int32
	strategy string // "", "MAC" or "ENCRYPT"
	secret   []byte
	log      zerolog.Logger
}

// NewMemcached returns the store of memcached_servers. It returns nil if there are no servers.
func NewMemcached(c config.KeystoneAuthtoken, log zerolog.Logger) (TokenStore, error) {
	strategy := strings.ToUpper(c.MemcacheSecurityStrategy)
	if strategy == "NONE" {
		strategy = ""
	}
	if strategy != "" && c.MemcacheSecretKey == "" {
		return nil, errors.New("[keystone_authtoken] memcache_secret_key must be defined when a memcache_security_strategy is defined")
	}
	if len(c.MemcachedServers) == 0 {
		return nil, nil
	}
	o := memcache.Options{Addresses: c.MemcachedServers, Timeout: time.Duration(c.MemcachePoolSocketTimeout) * time.Second,
		Idle: max(c.MemcachePoolMaxsize, 2), SASL: c.MemcacheSASLEnabled, Username: c.MemcacheUsername, Password: c.MemcachePassword,
		DeadRetry: time.Duration(c.MemcachePoolDeadRetry) * time.Second, Everywhere: c.MemcacheTLSEnabled || c.MemcacheSASLEnabled, Log: log}
	if c.MemcacheTLSEnabled {
		var err error
		if o.TLS, err = memcache.TLS("keystone_authtoken", "memcache_", c.MemcacheTLSCAFile, c.MemcacheTLSCertFile, c.MemcacheTLSKeyFile,
			c.MemcacheTLSAllowedCiphers); err != nil {
			return nil, err
		}
	}
	return &memcached{servers: memcache.Open(o), ttl: int32(c.TokenCacheTime), strategy: strategy, secret: []byte(c.MemcacheSecretKey),
		log: log}, nil
}

// Get returns Keystone's answer for a token.
func (m *memcached) Get(token string) (answer []byte, ok bool) {
	keys := m.derive(token)
	ok = m.servers.Get(keys.name, func(item *gomemcache.Item) (good bool) {
		answer, good = m.read(keys, item)
		return good
	})
	return answer, ok
}

// The flags of Python's clients: text or bytes, and compression by zlib. Other flags mean
// pickles.
const (
	plainFlag      = 16
	compressedFlag = 8
)

func (m *memcached) read(keys cacheKeys, item *gomemcache.Item) ([]byte, bool) {
	value := item.Value
	switch item.Flags &^ plainFlag {
	case 0:
	case compressedFlag:
		z, err := zlib.NewReader(bytes.NewReader(value))
		if err != nil {
			return nil, false
		}
		if value, err = io.ReadAll(io.LimitReader(z, maxCached)); err != nil {
			return nil, false
		}
	default:
		return nil, false
	}
	answer, err := m.unprotect(keys, value)
	if err != nil {
		m.log.Error().Err(err).Msg("Failed to decrypt/verify cache data")
		return nil, false
	}
	return answer, true
}

// maxCached bounds the decompressed size of an answer in bytes.
const maxCached = 16 << 20

// Set stores Keystone's answer for a token.
func (m *memcached) Set(token string, answer []byte) {
	keys := m.derive(token)
	value, err := m.protect(keys, answer)
	if err != nil {
		m.log.Warn().Err(err).Msg("a token cannot be cached")
		return
	}
	m.servers.Set(&gomemcache.Item{Key: keys.name, Value: value, Expiration: m.ttl})
}

// cacheKeys are the name of a token's entry and the keys that protect it.
type cacheKeys struct {
	name            string
	sign, encrypted []byte
}

func (m *memcached) derive(token string) cacheKeys {
	if m.strategy == "" {
		sum := sha256.Sum256([]byte(token))
		return cacheKeys{name: "tokens/" + hex.EncodeToString(sum[:])}
	}
	mac := hmac.New(sha512.New384, m.secret)
	mac.Write([]byte(token + m.strategy))
	d := mac.Sum(nil)
	// Python formats the bytes of the name as "b'...'".
	return cacheKeys{name: "tokens/b'" + base64.StdEncoding.EncodeToString(d[:16]) + "'", sign: d[16:32], encrypted: d[32:]}
}

func signature(key, data []byte) []byte {
	mac := hmac.New(sha512.New384, key)
	mac.Write(data)
	return []byte(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func (m *memcached) protect(keys cacheKeys, data []byte) ([]byte, error) {
	if m.strategy == "" {
		return data, nil
	}
	if m.strategy == "ENCRYPT" {
		block, err := aes.NewCipher(keys.encrypted)
		if err != nil {
			return nil, err
		}
		pad := aes.BlockSize - len(data)%aes.BlockSize
		data = append(bytes.Clone(data), bytes.Repeat([]byte{byte(pad)}, pad)...)
		out := make([]byte, aes.BlockSize+len(data))
		if _, err := rand.Read(out[:aes.BlockSize]); err != nil {
			return nil, err
		}
		cipher.NewCBCEncrypter(block, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], data)
		data = out
	}
	encoded := []byte(base64.StdEncoding.EncodeToString(data))
	return append(signature(keys.sign, encoded), encoded...), nil
}

var errProtected = errors.New("data appears to be corrupted")

func (m *memcached) unprotect(keys cacheKeys, data []byte) ([]byte, error) {
	if m.strategy == "" {
		return data, nil
	}
	const signed = 64 // base64 of SHA-384
	if len(data) < signed || !hmac.Equal(data[:signed], signature(keys.sign, data[signed:])) {
		return nil, errProtected
	}
	plain, err := base64.StdEncoding.DecodeString(string(data[signed:]))
	if err != nil {
		return nil, errProtected
	}
	if m.strategy != "ENCRYPT" {
		return plain, nil
	}
	if len(plain) < 2*aes.BlockSize || len(plain)%aes.BlockSize != 0 {
		return nil, errProtected
	}
	block, err := aes.NewCipher(keys.encrypted)
	if err != nil {
		return nil, err
	}
	out := plain[aes.BlockSize:]
	cipher.NewCBCDecrypter(block, plain[:aes.BlockSize]).CryptBlocks(out, out)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > aes.BlockSize || pad > len(out) {
		return nil, errProtected
	}
	return out[:len(out)-pad], nil
}
