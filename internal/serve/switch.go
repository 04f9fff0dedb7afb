package serve

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
)

// Switch is a handler that can be exchanged while it serves. Each request is
// answered by one handler from begin to end. The zero value has none and must
// not serve.
type Switch struct {
	current atomic.Pointer[generation]
	retired sync.WaitGroup // the handlers that were exchanged and still answer
}

type generation struct {
	handler  http.Handler // nil: the Switch is closed
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
	s.retired.Go(func() {
		old.requests.Wait()
		if done != nil {
			done()
		}
	})
}

// Close lets no further request in, and returns when all of those before are
// answered, by whichever handler, or when ctx ends: then with its error. Requests
// whose connections are closed may still run: those that write.
func (s *Switch) Close(ctx context.Context) error {
	s.Set(nil, nil)
	answered := make(chan struct{})
	go func() {
		s.retired.Wait()
		close(answered)
	}()
	select {
	case <-answered:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServeHTTP is http.Handler's.
func (s *Switch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for {
		g := s.current.Load()
		if !g.enter() {
			continue // exchanged in between
		}
		defer g.requests.Done()
		if g.handler == nil {
			panic(http.ErrAbortHandler)
		}
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
