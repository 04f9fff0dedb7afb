package memcache

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
)

// Limits of a memcached reply to one command. memcached limits values to 1 MiB, unless -I sets
// another limit; the answer for a token has some kilobytes.
const (
	maxValue = 8 << 20
	maxReply = maxValue + 64<<10
	maxLine  = 2 << 10
)

// dialer opens connections.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// boundedDialer opens connections that fail when a reply is longer than any answer for a token. The
// client library would read an endless reply, and allocate whatever length a reply announces.
func boundedDialer(dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &boundedConn{Conn: conn}, nil
	}
}

// boundedConn parses the replies of the text protocol: lines, and after a line that begins with
// VALUE the announced number of bytes.
type boundedConn struct {
	net.Conn
	reply int    // bytes since the last command
	line  []byte // the received part of a line
	value int    // remaining bytes of a value with its line end
}

// Write begins a command.
func (c *boundedConn) Write(b []byte) (int, error) {
	c.reply = 0
	return c.Conn.Write(b)
}

// Read implements net.Conn.
func (c *boundedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.reply += n
	if c.reply > maxReply || !c.follow(b[:n]) {
		return 0, errEndless
	}
	return n, err
}

// follow reports whether the received bytes are within the limits.
func (c *boundedConn) follow(b []byte) bool {
	for len(b) > 0 {
		if c.value > 0 {
			n := min(c.value, len(b))
			c.value, b = c.value-n, b[n:]
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			c.line = append(c.line, b...)
			return len(c.line) <= maxLine
		}
		c.line = append(c.line, b[:end]...)
		b = b[end+1:]
		if len(c.line) > maxLine || !c.announced(c.line) {
			return false
		}
		c.line = c.line[:0]
	}
	return true
}

// announced reads the length of a value from its line: VALUE key flags length.
func (c *boundedConn) announced(line []byte) bool {
	fields := bytes.Fields(line)
	if len(fields) < 4 || string(fields[0]) != "VALUE" {
		return true // the client reports the error
	}
	n, err := strconv.Atoi(string(fields[3]))
	if err != nil || n < 0 || n > maxValue {
		return false
	}
	c.value = n + len("\r\n")
	return true
}

// errEndless is a network error, after which the client marks the server dead for a while.
var errEndless = &net.OpError{Op: "read", Net: "memcached", Err: errors.New("the reply is longer than the answer for any token")}
