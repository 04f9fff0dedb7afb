package serve_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/serve"
)

// waiter is a handler that tells of requests, and answers when it is let or when
// their context ends.
type waiter struct {
	entered chan bool
	release chan bool
	ended   chan error // what ended a context
}

func newWaiter() *waiter {
	return &waiter{make(chan bool, 9), make(chan bool), make(chan error, 9)}
}

func (h *waiter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.entered <- true
	select {
	case <-h.release:
		_, _ = fmt.Fprintf(w, "answer to %q", body)
	case <-r.Context().Done():
		h.ended <- context.Cause(r.Context())
		http.Error(w, fmt.Sprint("gone: ", reqctx.ClientGone(r.Context())), http.StatusInternalServerError)
	}
}

// closer is a connection whose sending side can be closed.
type closer interface {
	net.Conn
	CloseWrite() error
}

// halfRequests are a request by each protocol, plain and over a unix socket, and with
// and without a body.
func halfRequests(t *testing.T) (*waiter, serve.Options, map[string]func() (closer, []byte)) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	web, secure := testproc.Address(t), testproc.Address(t)
	socket := func(name string) string { return filepath.Join(dir, name) }
	dial := func(network, address string) closer {
		c, err := net.Dial(network, address)
		if err != nil {
			t.Fatal(err)
		}
		return c.(closer)
	}
	const get, post = "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
	o := serve.Options{
		HTTP:  []string{web, "unix:" + socket("h")},
		HTTPS: []serve.TLS{{Addr: secure, CertFile: cert, KeyFile: key}},
		UWSGI: []string{"unix:" + socket("u")},
		FCGI:  []string{"unix:" + socket("f")},
		SCGI:  []string{"unix:" + socket("s")},
	}
	overTLS := func() closer {
		return tls.Client(dial("tcp", secure), &tls.Config{InsecureSkipVerify: true})
	}
	return newWaiter(), o, map[string]func() (closer, []byte){
		"http":        func() (closer, []byte) { return dial("tcp", web), []byte(get) },
		"http, body":  func() (closer, []byte) { return dial("tcp", web), []byte(post) },
		"http, unix":  func() (closer, []byte) { return dial("unix", socket("h")), []byte(get) },
		"https":       func() (closer, []byte) { return overTLS(), []byte(get) },
		"https, body": func() (closer, []byte) { return overTLS(), []byte(post) },
		"uwsgi": func() (closer, []byte) {
			return dial("unix", socket("u")), packet("REQUEST_METHOD", "GET", "PATH_INFO", "/")
		},
		"fcgi":       func() (closer, []byte) { return dial("unix", socket("f")), fcgi(begin, "body", "CONTENT_LENGTH", "4") },
		"fcgi, kept": func() (closer, []byte) { return dial("unix", socket("f")), fcgi(beginKeep, "", "CONTENT_LENGTH", "0") },
		"scgi": func() (closer, []byte) {
			return dial("unix", socket("s")), netstring("CONTENT_LENGTH", "0", "REQUEST_METHOD", "GET", "PATH_INFO", "/")
		},
		"http, pipelined": func() (closer, []byte) { return dial("tcp", web), []byte(get + get) },
	}
}

// A client that closes its sending side after the request is answered, by every
// protocol, and its connection ends then.
func TestHalfClosed(t *testing.T) {
	h, o, clients := halfRequests(t)
	stop := run(t, h, o, o.HTTPS[0].Addr) // which is opened last
	for name, client := range clients {
		t.Run(name, func(t *testing.T) {
			c, request := client()
			defer func() { _ = c.Close() }()
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := c.Write(request); err != nil {
				t.Fatal(err)
			}
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			requests := 1
			if strings.Contains(name, "pipelined") {
				requests = 2
			}
			for range requests {
				<-h.entered
				select {
				case h.release <- true:
				case err := <-h.ended:
					t.Fatal("the request was cancelled: ", err)
				}
			}
			got, err := io.ReadAll(c)
			if err != nil || strings.Count(string(got), "200 OK") != requests || !strings.Contains(string(got), "answer to") {
				t.Errorf("%v %q", err, got)
			}
		})
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A client that half-closes and then goes for good cancels its request, where the
// system tells that it has gone; so does one that goes at once.
func TestGone(t *testing.T) {
	h, o, clients := halfRequests(t)
	before := runtime.NumGoroutine()
	stop := run(t, h, o, o.HTTPS[0].Addr) // which is opened last
	for _, name := range []string{"http", "http, body", "http, unix", "https", "https, body"} {
		for _, half := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", half-closed before: ", half), func(t *testing.T) {
				if runtime.GOOS != "linux" {
					t.Skip("only Linux tells it")
				}
				c, request := client(t, clients[name])
				if _, err := c.Write(request); err != nil {
					t.Fatal(err)
				}
				if half {
					_ = c.CloseWrite()
				}
				<-h.entered
				reset(c)
				select {
				case err := <-h.ended:
					if err != context.Canceled {
						t.Error(err)
					}
				case <-time.After(20 * time.Second):
					t.Error("the request goes on")
					h.release <- true
				}
			})
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	testproc.Eventually(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before })
}

func client(t *testing.T, open func() (closer, []byte)) (closer, []byte) {
	t.Helper()
	c, request := open()
	if s, ok := c.(*tls.Conn); ok {
		if err := s.Handshake(); err != nil {
			t.Fatal(err)
		}
	}
	return c, request
}

// reset closes a connection so that the other end learns of it at once.
func reset(c net.Conn) {
	if s, ok := c.(*tls.Conn); ok {
		c = s.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// Half-closed connections hold up no stop: the drain waits for their requests, and
// what is cut off then is not the client's doing.
func TestHalfClosedAndDrained(t *testing.T) {
	h, o, clients := halfRequests(t)
	o.DrainTimeout = 300 * time.Millisecond
	stop := run(t, h, o, o.HTTPS[0].Addr) // which is opened last
	n := 0
	for name, open := range clients {
		if strings.Contains(name, "pipelined") {
			continue
		}
		c, request := client(t, open)
		defer func() { _ = c.Close() }()
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		_ = c.CloseWrite()
		<-h.entered
		n++
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	for range n {
		if err := <-h.ended; err != reqctx.ErrCutOff {
			t.Errorf("cancelled by %v", err)
		}
	}
}

// A kept connection goes on as before after a request whose client did nothing odd.
func TestKeptAfterAnswer(t *testing.T) {
	h, o, clients := halfRequests(t)
	stop := run(t, h, o, o.HTTPS[0].Addr) // which is opened last
	for _, name := range []string{"http", "http, body", "https", "https, body"} {
		c, request := client(t, clients[name])
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		for i := range 3 {
			if i == 2 {
				request = append([]byte(nil), strings.Replace(string(request), "Host: x", "Host: x\r\nConnection: close", 1)...)
			}
			if _, err := c.Write(request); err != nil {
				t.Fatal(err)
			}
			<-h.entered
			h.release <- true
		}
		got, err := io.ReadAll(c)
		if err != nil || strings.Count(string(got), "200 OK") != 3 {
			t.Errorf("%s: %v %q", name, err, got)
		}
		_ = c.Close()
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
