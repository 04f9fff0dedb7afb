package serve

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
)

// Switch is a handler that can be replaced while it serves. One handler answers a whole
// request. The zero value has no handler and must not serve.
type Switch struct {
	current atomic.Pointer[generation]
	retired sync.WaitGroup // the replaced handlers with requests in progress
}

type generation struct {
	handler  http.Handler // nil: the Switch is closed
	requests sync.WaitGroup
	mu       sync.RWMutex // orders enter and the replacement
	retired  bool
}

// Set replaces the handler. It calls done, if not nil, after the last request of the previous
// handler.
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

// Close accepts no further requests, and waits until all requests in progress are answered, or
// until ctx ends; it then returns the error of ctx. Writing requests may still run although
// their connections are closed.
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

// ServeHTTP implements http.Handler.
func (s *Switch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for {
		g := s.current.Load()
		if !g.enter() {
			continue // the handler has been replaced in the meantime
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
