package middleware

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
)

// Bounds of what a memcached may send in reply to one command. Its own limit is
// 1 MiB for a value, unless -I says more; a token's answer is some kilobytes.
const (
	maxValue = 8 << 20
	maxReply = maxValue + 64<<10
	maxLine  = 2 << 10
)

// dialer is what makes connections.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// bounded makes connections that are given up when a reply is longer than a token's
// answer can be: the client would wait for the end of a stream that has none, and
// make room for whatever length a reply claims to have.
func bounded(dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &boundedConn{Conn: conn}, nil
	}
}

// boundedConn follows the replies of the text protocol: lines, and after one that
// begins with VALUE as many bytes as it says.
type boundedConn struct {
	net.Conn
	reply int    // bytes since the last command
	line  []byte // the beginning of a line
	value int    // bytes of a value that are to come, with the end of its line
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

// follow tells whether what has come is within bounds.
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

// announced takes the length of a value from its line: VALUE key flags length.
func (c *boundedConn) announced(line []byte) bool {
	fields := bytes.Fields(line)
	if len(fields) < 4 || string(fields[0]) != "VALUE" {
		return true // the client reads it
	}
	n, err := strconv.Atoi(string(fields[3]))
	if err != nil || n < 0 || n > maxValue {
		return false
	}
	c.value = n + len("\r\n")
	return true
}

// errEndless is a network's error: the server counts as dead for a while.
var errEndless = &net.OpError{Op: "read", Net: "memcached", Err: errors.New("the reply is longer than any token")}
