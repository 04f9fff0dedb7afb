// Package memcache is a client of memcached for what Nova's processes in Python share there: it chooses servers as Python's
// clients do. Its connections may have TLS and a login, and fail when a reply is longer than any that Nova stores.
package memcache

import (
	"crypto/tls"
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

	"github.com/nova-go/nova/internal/clienttls"
)

// Options describe servers and the connections to them.
type Options struct {
	// Addresses have the forms that Address reads.
	Addresses []string
	// Timeout bounds the opening of a connection, and each reply.
	Timeout time.Duration
	// Idle is the number of connections to a server that are kept open.
	Idle int
	TLS  *tls.Config // nil: none
	// SASL logs in with Username and Password, by the mechanism PLAIN.
	SASL               bool
	Username, Password string
	// DeadRetry is the time for which a server that does not answer is not asked again.
	DeadRetry time.Duration
	// Everywhere writes to all servers and reads from the first one that has the key, as
	// Python's client for TLS does. Otherwise the key determines the server.
	Everywhere bool
	Log        zerolog.Logger
}

// Servers are the memcached servers of an option.
type Servers struct {
	list       []*server
	deadRetry  time.Duration
	everywhere bool
	log        zerolog.Logger
}

type server struct {
	name      string
	client    client
	deadUntil atomic.Int64 // Unix seconds
}

// client is a client of one server.
type client interface {
	// Get returns an item, or memcache.ErrCacheMiss.
	Get(key string) (*memcache.Item, error)
	Set(item *memcache.Item) error
}

// Open returns the servers. Connections are opened on demand.
func Open(o Options) *Servers {
	s := &Servers{deadRetry: o.DeadRetry, everywhere: o.Everywhere, log: o.Log}
	plain := &net.Dialer{Timeout: o.Timeout}
	dial := dialer(plain.DialContext)
	if o.TLS != nil {
		dial = (&tls.Dialer{NetDialer: plain, Config: o.TLS}).DialContext
	}
	for _, name := range o.Addresses {
		network, address := Address(name)
		one := &server{name: name}
		if o.SASL {
			one.client = newSASLClient(network, address, o.Username, o.Password, o.Timeout, o.Idle, dial)
		} else {
			one.client = textClient(network, address, o.Timeout, o.Idle, dial)
		}
		s.list = append(s.list, one)
	}
	return s
}

// Client returns a client of one server, HOST:PORT, that reports all errors. It keeps idle connections open.
func Client(address string, timeout time.Duration, idle int) *memcache.Client {
	return textClient("tcp", address, timeout, idle, (&net.Dialer{Timeout: timeout}).DialContext)
}

func textClient(network, address string, timeout time.Duration, idle int, dial dialer) *memcache.Client {
	c := memcache.NewFromSelector(oneServer{network, address})
	c.Timeout, c.MaxIdleConns, c.DialContext = timeout, idle, boundedDialer(dial)
	return c
}

// Address parses an entry of an option such as memcached_servers: host:port, inet:host:port,
// inet6:[host]:port, unix:path or a path.
func Address(name string) (network, address string) {
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

// TLS returns the TLS configuration of the options tls_* of a group, with their prefix. It verifies the server's name.
func TLS(group, prefix, ca, cert, key, ciphers string) (*tls.Config, error) {
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

// Get passes the item of a key to read. If read returns false, the next server is asked, if several may have the key. Get reports
// whether read has returned true.
func (s *Servers) Get(key string, read func(*memcache.Item) bool) bool {
	for _, one := range s.of(key) {
		item, err := one.client.Get(key)
		if err != nil {
			s.failed(one, err)
			continue
		}
		if read(item) {
			return true
		}
	}
	return false
}

// Set stores an item. Failures are only logged.
func (s *Servers) Set(item *memcache.Item) {
	for _, one := range s.of(item.Key) {
		if err := one.client.Set(item); err != nil {
			s.failed(one, err)
		}
	}
}

// of returns the servers that may have a key.
func (s *Servers) of(key string) []*server {
	if !s.everywhere {
		if one := s.serverFor(key); one != nil {
			return []*server{one}
		}
		return nil
	}
	now := time.Now().Unix()
	var list []*server
	for _, one := range s.list {
		if one.deadUntil.Load() <= now {
			list = append(list, one)
		}
	}
	return list
}

// failed logs an error of a server, and marks the server dead if it does not answer or refuses the login, so that requests do not
// wait for it again.
func (s *Servers) failed(one *server, err error) {
	if errors.Is(err, memcache.ErrCacheMiss) {
		return
	}
	if unreachable(err) || errors.Is(err, errSASL) {
		one.deadUntil.Store(time.Now().Add(s.deadRetry).Unix())
	}
	s.log.Warn().Err(err).Msgf("memcached server %s", one.name)
}

func unreachable(err error) bool {
	if _, is := errors.AsType[net.Error](err); is {
		return true
	}
	_, late := errors.AsType[*memcache.ConnectTimeoutError](err) // not a net.Error
	return late || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// serverFor chooses the server of a key as python-memcached does: by the CRC of the key, and by
// further CRCs while the server is marked dead.
func (s *Servers) serverFor(key string) *server {
	now := time.Now().Unix()
	hash := pythonHash(key)
	for i := range 10 {
		one := s.list[int(hash)%len(s.list)]
		if one.deadUntil.Load() <= now {
			return one
		}
		hash = pythonHash(fmt.Sprintf("%d%d", hash, i))
	}
	return nil
}

// pythonHash is python-memcached's cmemcache_hash.
func pythonHash(key string) uint32 { return crc32.ChecksumIEEE([]byte(key)) >> 16 & 0x7fff }

// oneServer is the selector of a client with a single server. Its name is resolved for each new
// connection.
type oneServer struct{ network, address string }

func (s oneServer) PickServer(string) (net.Addr, error) { return s, nil }
func (s oneServer) Each(f func(net.Addr) error) error   { return f(s) }

// Network and String implement net.Addr.
func (s oneServer) Network() string { return s.network }
func (s oneServer) String() string  { return s.address }
