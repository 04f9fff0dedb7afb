package serve

import (
	"net/http"
	"sync"
	"sync/atomic"
)

// Switch is a handler that can be exchanged while it serves. Each request is
// answered by one handler from begin to end. The zero value has none and must
// not serve.
type Switch struct {
	current atomic.Pointer[generation]
}

type generation struct {
	handler  http.Handler
	requests sync.WaitGroup
	mu       sync.RWMutex // orders enter against the exchange
	retired  bool
}

// Set puts a handler in place, and calls done (if it is not nil) when the last
// request of the one before it is answered.
func (s *Switch) Set(h http.Handler, done func()) {
	old := s.current.Swap(&generation{handler: h})
	if old == nil {
		return
	}
	old.mu.Lock()
	old.retired = true
	old.mu.Unlock()
	go func() {
		old.requests.Wait()
		if done != nil {
			done()
		}
	}()
}

// ServeHTTP is http.Handler's.
func (s *Switch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for {
		g := s.current.Load()
		if !g.enter() {
			continue // exchanged in between
		}
		defer g.requests.Done()
		g.handler.ServeHTTP(w, r)
		return
	}
}

func (g *generation) enter() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.retired {
		return false
	}
	g.requests.Add(1)
	return true
}
