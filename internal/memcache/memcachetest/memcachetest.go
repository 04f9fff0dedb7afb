// Package memcachetest has a memcached for tests.
package memcachetest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Server speaks the commands get, gets, set, add and cas of the text protocol.
type Server struct {
	net.Listener
	mu     sync.Mutex
	Values map[string]string
	TTL    string
	Flags  int // of all values
	stored int // is their number
	Others int // is how often another client is faster
}

// New starts a server.
func New(t testing.TB) *Server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return Serve(t, l)
}

// Serve starts a server with a listener, which it closes at the end of the test.
func Serve(t testing.TB, l net.Listener) *Server {
	m := &Server{Listener: l, Values: map[string]string{}}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go m.serve(c)
		}
	}()
	return m
}

func (m *Server) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		f := strings.Fields(line)
		m.mu.Lock()
		switch f[0] {
		case "get", "gets":
			if v, ok := m.Values[f[1]]; ok {
				_, _ = fmt.Fprintf(c, "VALUE %s %d %d %d\r\n%s\r\n", f[1], m.Flags, len(v), m.stored+1, v)
			}
			_, _ = io.WriteString(c, "END\r\n")
		case "set", "add", "cas":
			var n int
			_, _ = fmt.Sscan(f[4], &n)
			b := make([]byte, n+2)
			_, _ = io.ReadFull(r, b)
			_, exists := m.Values[f[1]]
			if refused := m.Others > 0 && f[0] != "set"; refused || f[0] == "add" && exists {
				m.Others, m.stored = m.Others-1, m.stored+1
				_, _ = io.WriteString(c, map[string]string{"add": "NOT_STORED\r\n", "cas": "EXISTS\r\n"}[f[0]])
				break
			}
			m.Values[f[1]], m.TTL, m.stored = string(b[:n]), f[3], m.stored+1
			_, _ = io.WriteString(c, "STORED\r\n")
		}
		m.mu.Unlock()
	}
}
