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
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/clienttls"
)

// memcached is the TokenStore that is shared with Python's auth_token: it uses the same keys,
// servers and values, with the same signature or encryption.
type memcached struct {
	servers   []*memcachedServer
	ttl       int32
	deadRetry time.Duration
	// everywhere writes to all servers and reads from the first one that has the key, as
	// Python's client for TLS does. Otherwise the key determines the server.
	everywhere bool
	strategy   string // "", "MAC" or "ENCRYPT"
	secret     []byte
	log        zerolog.Logger
}

type memcachedServer struct {
	name      string
	client    memcachedClient
	deadUntil atomic.Int64 // Unix seconds
}

// memcachedClient is a client of one server.
type memcachedClient interface {
	// Get returns an item, or memcache.ErrCacheMiss.
	Get(key string) (*memcache.Item, error)
	Set(item *memcache.Item) error
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
	link := memcachedLink{servers: c.MemcachedServers, timeout: time.Duration(c.MemcachePoolSocketTimeout) * time.Second,
		idle: max(c.MemcachePoolMaxsize, 2), sasl: c.MemcacheSASLEnabled, username: c.MemcacheUsername, password: c.MemcachePassword}
	if c.MemcacheTLSEnabled {
		var err error
		if link.tls, err = memcachedTLS("keystone_authtoken", "memcache_", c.MemcacheTLSCAFile, c.MemcacheTLSCertFile, c.MemcacheTLSKeyFile,
			c.MemcacheTLSAllowedCiphers); err != nil {
			return nil, err
		}
	}
	return &memcached{servers: link.open(), everywhere: c.MemcacheTLSEnabled || c.MemcacheSASLEnabled, ttl: int32(c.TokenCacheTime),
		deadRetry: time.Duration(c.MemcachePoolDeadRetry) * time.Second, strategy: strategy, secret: []byte(c.MemcacheSecretKey), log: log}, nil
}

// memcachedLink describes the connections to memcached servers.
type memcachedLink struct {
	servers            []string
	timeout            time.Duration
	idle               int         // connections that are kept open
	tls                *tls.Config // nil: none
	sasl               bool        // log in, with PLAIN
	username, password string
}

// open returns the servers. Connections are opened on demand.
func (l memcachedLink) open() (servers []*memcachedServer) {
	plain := &net.Dialer{Timeout: l.timeout}
	dial := dialer(plain.DialContext)
	if l.tls != nil {
		dial = (&tls.Dialer{NetDialer: plain, Config: l.tls}).DialContext
	}
	for _, name := range l.servers {
		network, address := MemcachedAddress(name)
		if l.sasl {
			servers = append(servers, &memcachedServer{name: name,
				client: newSASLClient(network, address, l.username, l.password, l.timeout, l.idle, dial)})
			continue
		}
		client := memcache.NewFromSelector(&oneServer{addr: staticAddr{network, address}})
		client.Timeout, client.MaxIdleConns = l.timeout, l.idle
		client.DialContext = boundedDialer(dial)
		servers = append(servers, &memcachedServer{name: name, client: client})
	}
	return servers
}

// MemcachedAddress parses an entry of memcached_servers: host:port, inet:host:port,
// inet6:[host]:port, unix:path or a path.
func MemcachedAddress(name string) (network, address string) {
	switch {
	case strings.HasPrefix(name, "unix:"):
		return "unix", strings.TrimPrefix(name, "unix:")
	case strings.HasPrefix(name, "/"):
		return "unix", name
	}
	name = strings.TrimPrefix(strings.TrimPrefix(name, "inet6:"), "inet:")
	if _, _, err := net.SplitHostPort(name); err != nil {
		name = net.JoinHostPort(strings.Trim(name, "[]"), "11211")
	}
	return "tcp", name
}

// memcachedTLS returns the TLS configuration of the options tls_* of a group, with their prefix. It verifies the server's name.
func memcachedTLS(group, prefix, ca, cert, key, ciphers string) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	var err error
	if ca != "" {
		if t.RootCAs, err = clienttls.Roots(ca); err != nil {
			return nil, fmt.Errorf("[%s] %stls_cafile: %w", group, prefix, err)
		}
	}
	if cert != "" {
		pair, err := clienttls.Pair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("[%s] %stls_certfile: %w", group, prefix, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	if t.CipherSuites, err = clienttls.Ciphers(ciphers); err != nil {
		return nil, fmt.Errorf("[%s] %stls_allowed_ciphers: %w", group, prefix, err)
	}
	return t, nil
}

// Get returns Keystone's answer for a token.
func (m *memcached) Get(token string) ([]byte, bool) {
	keys := m.derive(token)
	for _, s := range m.serversOf(keys.name) {
		item, err := s.client.Get(keys.name)
		if err != nil {
			m.failed(s, err)
			continue
		}
		answer, ok := m.read(keys, item)
		if ok {
			return answer, true
		}
	}
	return nil, false
}

// The flags of Python's clients: text or bytes, and compression by zlib. Other flags mean
// pickles.
const (
	plainFlag      = 16
	compressedFlag = 8
)

func (m *memcached) read(keys cacheKeys, item *memcache.Item) ([]byte, bool) {
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
	for _, s := range m.serversOf(keys.name) {
		if err := s.client.Set(&memcache.Item{Key: keys.name, Value: value, Expiration: m.ttl}); err != nil {
			m.failed(s, err)
		}
	}
}

// serversOf returns the servers that may have a key.
func (m *memcached) serversOf(key string) []*memcachedServer {
	if !m.everywhere {
		if s := m.serverFor(key); s != nil {
			return []*memcachedServer{s}
		}
		return nil
	}
	now := time.Now().Unix()
	var list []*memcachedServer
	for _, s := range m.servers {
		if s.deadUntil.Load() <= now {
			list = append(list, s)
		}
	}
	return list
}

func (m *memcached) failed(s *memcachedServer, err error) {
	if errors.Is(err, memcache.ErrCacheMiss) {
		return
	}
	if _, network := errors.AsType[net.Error](err); network {
		s.deadUntil.Store(time.Now().Add(m.deadRetry).Unix())
	}
	m.log.Warn().Err(err).Msgf("memcached server %s", s.name)
}

// serverFor chooses the server of a key as python-memcached does: by the CRC of the key, and by
// further CRCs while the server is marked dead.
func (m *memcached) serverFor(key string) *memcachedServer {
	now := time.Now().Unix()
	hash := pythonHash(key)
	for i := range 10 {
		s := m.servers[int(hash)%len(m.servers)]
		if s.deadUntil.Load() <= now {
			return s
		}
		hash = pythonHash(fmt.Sprintf("%d%d", hash, i))
	}
	return nil
}

// pythonHash is python-memcached's cmemcache_hash.
func pythonHash(key string) uint32 { return crc32.ChecksumIEEE([]byte(key)) >> 16 & 0x7fff }

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

// oneServer is the selector of a client with a single server. Its name is resolved for each new
// connection.
type oneServer struct{ addr net.Addr }

func (s *oneServer) PickServer(string) (net.Addr, error) { return s.addr, nil }
func (s *oneServer) Each(f func(net.Addr) error) error   { return f(s.addr) }

type staticAddr struct{ network, address string }

func (a staticAddr) Network() string { return a.network }
func (a staticAddr) String() string  { return a.address }
