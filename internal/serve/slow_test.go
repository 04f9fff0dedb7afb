package serve_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/serve"
)

// Connections that send a byte now and then, in the head or in the body, keep
// nobody out, and cost little memory each.
func TestSlowClients(t *testing.T) {
	const slow = 5000
	l, err := serve.Listen("127.0.0.1:0", 0)
	if err != nil {
		t.Fatal(err)
	}
	stop := serveHTTP(t, l, serve.Options{MaxConnections: slow + 100})
	debug.FreeOSMemory() // what tests before this one have left
	before := memoryInUse()
	conns := dialSlow(t, l.Addr().String(), slow)
	if len(conns) < slow {
		t.Skipf("only %d connections: the limit of open files is too low", len(conns))
	}
	done := make(chan bool)
	var sending sync.WaitGroup
	sending.Go(func() {
		pace := time.NewTicker(time.Second)
		defer pace.Stop()
		for {
			for _, c := range conns {
				_, _ = c.Write([]byte("x"))
			}
			select {
			case <-done:
				return
			case <-pace.C:
			}
		}
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	worst, pace := time.Duration(0), time.NewTicker(10*time.Millisecond)
	defer pace.Stop()
	for begun := time.Now(); time.Since(begun) < 1500*time.Millisecond; <-pace.C {
		at := time.Now()
		r, err := client.Get("http://" + l.Addr().String() + "/")
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		worst = max(worst, time.Since(at))
	}
	used := memoryInUse() - before
	t.Logf("%d slow connections: others wait at most %v, %d KiB of memory for each", slow, worst, used/slow>>10)
	if used/slow > 64<<10 {
		t.Error("that is too much")
	}
	close(done)
	sending.Wait()
	for _, c := range conns {
		_ = c.Close()
	}
	stop()
}

// Beyond the limit the slowest goes, and who comes is served.
func TestMaxConnections(t *testing.T) {
	l, err := serve.Listen("127.0.0.1:0", 0)
	if err != nil {
		t.Fatal(err)
	}
	stop := serveHTTP(t, l, serve.Options{MaxConnections: 50})
	conns := dialSlow(t, l.Addr().String(), 200)
	client := &http.Client{Timeout: 5 * time.Second}
	for range 20 {
		r, err := client.Get("http://" + l.Addr().String() + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	open := 0
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		if e, ok := err.(net.Error); ok && e.Timeout() {
			open++
		}
		_ = c.Close()
	}
	if open > 50 || open < 40 {
		t.Errorf("%d slow connections are left of at most 50", open)
	}
	client.CloseIdleConnections()
	stop()
}

func memoryInUse() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys) - int64(m.HeapReleased)
}

// dialSlow opens connections with half a head, or with a head and no body.
func dialSlow(t *testing.T, address string, n int) (conns []net.Conn) {
	t.Helper()
	for i := range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return conns
		}
		text := "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
		if i%2 == 0 {
			text = strings.Replace(text, "X-Slow: ", "Content-Length: 100000\r\n\r\n", 1)
		}
		_, _ = io.WriteString(c, text)
		conns = append(conns, c)
	}
	return conns
}

func serveHTTP(t *testing.T, l net.Listener, o serve.Options) (stop func()) {
	t.Helper()
	o.DrainTimeout, o.IdleGrace = time.Second, 10*time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- serveOn(ctx, "http", l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
		}), o)
	}()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
