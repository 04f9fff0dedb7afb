package memcache

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/rs/zerolog"
)

// TestDead: a server that cannot be used is asked once, with one warning, for all keys within the time of DeadRetry. A server that
// answers with an error is asked again.
func TestDead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		times int
	}{
		"connection that is not opened in time": {context.DeadlineExceeded, 1},
		"refused connection":                    {&net.OpError{Op: "dial", Err: io.ErrClosedPipe}, 1},
		"end of the connection":                 {fmt.Errorf("get: %w", io.EOF), 1},
		"refused login":                         {errSASL, 1},
		"error of the server":                   {memcache.ErrServerError, 3},
	} {
		var out bytes.Buffer
		asked := 0
		dial := func(context.Context, string, string) (net.Conn, error) {
			asked++
			return nil, test.err
		}
		s := &Servers{deadRetry: time.Hour, log: zerolog.New(&out), list: []*server{{name: "h",
			client: textClient("tcp", "h:11211", time.Second, 1, dial)}}}
		for i := range 3 {
			if s.Get(fmt.Sprint("key", i), func(*memcache.Item) bool { return true }) {
				t.Errorf("%s: found what is not there", name)
			}
		}
		if lines := strings.Count(out.String(), "\n"); asked != test.times || lines != test.times {
			t.Errorf("%s: asked %d times, with %d warnings, not %d: %s", name, asked, lines, test.times, out.String())
		}
	}
}
