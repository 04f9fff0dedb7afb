package memcache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

// saslClient is a client of one memcached server with a login. memcached has SASL in its binary protocol, which the library for
// the text protocol does not know; this client has what tokens need of it: the mechanism PLAIN, GET and SET.
type saslClient struct {
	network, address   string
	username, password string
	timeout            time.Duration
	dial               dialer
	idle               chan net.Conn
}

// newSASLClient returns a client that keeps at most idle connections open.
func newSASLClient(network, address, username, password string, timeout time.Duration, idle int, dial dialer) *saslClient {
	return &saslClient{network: network, address: address, username: username, password: password, timeout: timeout, dial: dial,
		idle: make(chan net.Conn, idle)}
}

// Operations and statuses of the binary protocol.
const (
	binaryGet         = 0x00
	binarySet         = 0x01
	binarySASLAuth    = 0x21
	binaryRequest     = 0x80
	binaryResponse    = 0x81
	binaryHeader      = 24
	statusOK          = 0x00
	statusNoKey       = 0x01
	statusAuthError   = 0x20
	statusUnknownText = "status 0x%02x of memcached: %s"
)

var errSASL = errors.New("memcached refuses the user name or the password")

// Get returns the item of a key, or memcache.ErrCacheMiss.
func (c *saslClient) Get(key string) (*memcache.Item, error) {
	extras, value, err := c.ask(binaryGet, nil, key, nil)
	if err != nil {
		return nil, err
	}
	if len(extras) < 4 {
		return nil, errors.New("memcached sends an item without flags")
	}
	return &memcache.Item{Key: key, Value: value, Flags: binary.BigEndian.Uint32(extras)}, nil
}

// Set stores an item.
func (c *saslClient) Set(item *memcache.Item) error {
	extras := binary.BigEndian.AppendUint32(nil, item.Flags)
	extras = binary.BigEndian.AppendUint32(extras, uint32(item.Expiration)) //nolint:gosec // as the text protocol writes it
	_, _, err := c.ask(binarySet, extras, item.Key, item.Value)
	return err
}

// ask sends a request over an open connection, or over a new one if the server has closed it.
func (c *saslClient) ask(operation byte, extras []byte, key string, value []byte) ([]byte, []byte, error) {
	for {
		conn, used, err := c.connection()
		if err != nil {
			return nil, nil, err
		}
		of, answer, err := c.exchange(conn, operation, extras, key, value)
		if err == nil || errors.Is(err, memcache.ErrCacheMiss) {
			c.keep(conn)
			return of, answer, err
		}
		_ = conn.Close()
		if !used || !isClosed(err) {
			return nil, nil, err
		}
	}
}

// isClosed reports whether an exchange failed because the server had closed the connection: the client reads the end, or its
// request was answered with a reset.
func isClosed(err error) bool {
	failed, is := errors.AsType[net.Error](err)
	return errors.Is(err, io.EOF) || is && !failed.Timeout()
}

func (c *saslClient) connection() (conn net.Conn, used bool, err error) {
	select {
	case conn = <-c.idle:
		return conn, true, nil
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	if conn, err = c.dial(ctx, c.network, c.address); err != nil {
		return nil, false, err
	}
	if _, _, err = c.exchange(conn, binarySASLAuth, nil, "PLAIN", []byte("\x00"+c.username+"\x00"+c.password)); err != nil {
		_ = conn.Close()
		return nil, false, err
	}
	return conn, false, nil
}

func (c *saslClient) keep(conn net.Conn) {
	select {
	case c.idle <- conn:
	default:
		_ = conn.Close()
	}
}

// exchange sends a request and reads its answer: the extras and the value.
func (c *saslClient) exchange(conn net.Conn, operation byte, extras []byte, key string, value []byte) ([]byte, []byte, error) {
	if err := conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return nil, nil, err
	}
	request := make([]byte, binaryHeader, binaryHeader+len(extras)+len(key)+len(value))
	request[0], request[1], request[4] = binaryRequest, operation, byte(len(extras))
	binary.BigEndian.PutUint16(request[2:], uint16(len(key)))                        //nolint:gosec // keys have at most 250 bytes
	binary.BigEndian.PutUint32(request[8:], uint32(len(extras)+len(key)+len(value))) //nolint:gosec // values are answers for tokens
	request = append(append(append(request, extras...), key...), value...)
	if _, err := conn.Write(request); err != nil {
		return nil, nil, err
	}
	var head [binaryHeader]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, nil, err
	}
	size, ofExtras, ofKey := int(binary.BigEndian.Uint32(head[8:])), int(head[4]), int(binary.BigEndian.Uint16(head[2:]))
	if head[0] != binaryResponse || head[1] != operation || size > maxValue || ofExtras+ofKey > size {
		return nil, nil, errors.New("memcached does not answer in the binary protocol")
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(conn, body); err != nil {
		return nil, nil, err
	}
	switch status := binary.BigEndian.Uint16(head[6:]); status {
	case statusOK:
		return body[:ofExtras], body[ofExtras+ofKey:], nil
	case statusNoKey:
		return nil, nil, memcache.ErrCacheMiss
	case statusAuthError:
		return nil, nil, errSASL
	default:
		return nil, nil, fmt.Errorf(statusUnknownText, status, body[ofExtras+ofKey:])
	}
}
