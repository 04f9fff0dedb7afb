package middleware_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// TestMemcachedThatStreams answers each command with a stream that has no end, in
// every form: it is dropped after a bound, and left alone for a while.
func TestMemcachedThatStreams(t *testing.T) {
	forever := func(w io.Writer, text string) {
		for {
			if _, err := io.WriteString(w, text); err != nil {
				return
			}
		}
	}
	for name, reply := range map[string]func(io.Writer, string){
		"no line":             func(w io.Writer, _ string) { forever(w, strings.Repeat("x", 4096)) },
		"values":              func(w io.Writer, key string) { forever(w, "VALUE "+key+" 0 4 1\r\nabcd\r\n") },
		"a long value":        func(w io.Writer, key string) { forever(w, "VALUE "+key+" 0 4000000000 1\r\n") },
		"a value's long line": func(w io.Writer, _ string) { forever(w, "VALUE "+strings.Repeat("k", 4096)) },
	} {
		t.Run(name, func(t *testing.T) {
			var connections atomic.Int64
			dropped := make(chan struct{}, 16)
			l := testproc.Listen(t, func(c net.Conn) {
				connections.Add(1)
				defer func() { _ = c.Close(); dropped <- struct{}{} }()
				line, _ := bufio.NewReader(c).ReadString('\n')
				if f := strings.Fields(line); len(f) > 1 {
					reply(c, f[1])
				}
			})
			c := config.KeystoneAuthtoken{MemcachedServers: []string{l.Addr().String()}, TokenCacheTime: 300, MemcachePoolSocketTimeout: 3600, MemcachePoolDeadRetry: 300}
			store, err := middleware.NewMemcached(c, zerolog.Nop())
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := store.Get("token"); ok {
				t.Error("found what is not there")
			}
			select {
			case <-dropped:
			case <-time.After(time.Minute):
				t.Fatal("the connection is kept")
			}
			store.Set("token", []byte("answer"))
			if _, ok := store.Get("token"); ok || connections.Load() != 1 {
				t.Errorf("%d connections", connections.Load())
			}
		})
	}
}
