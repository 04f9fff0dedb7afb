package serve

import (
	"context"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// idleAfter is the time without requests after which unused memory is returned to the system.
const idleAfter = 5 * time.Second

// meter counts requests, to detect an idle server.
type meter struct{ requests atomic.Int64 }

func (m *meter) count(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.requests.Add(1)
		h.ServeHTTP(w, r)
	})
}

// release returns unused memory to the system whenever the server becomes idle, until ctx ends.
func (m *meter) release(ctx context.Context) {
	tick := time.NewTicker(idleAfter)
	defer tick.Stop()
	var last, released int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := m.requests.Load()
		if now == last && now != released {
			debug.FreeOSMemory()
			released = now
		}
		last = now
	}
}
