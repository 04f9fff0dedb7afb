package novatest

import (
	"net"
	"net/http"
	"sync"
)

// connections are those over which a request comes or is answered.
type connections struct {
	mu   sync.Mutex
	none *sync.Cond // signalled when busy becomes empty
	busy map[net.Conn]bool
}

func newConnections() *connections {
	c := &connections{busy: map[net.Conn]bool{}}
	c.none = sync.NewCond(&c.mu)
	return c
}

// state is http.Server's ConnState.
func (c *connections) state(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == http.StateNew || state == http.StateActive {
		c.busy[conn] = true
		return
	}
	if delete(c.busy, conn); len(c.busy) == 0 {
		c.none.Broadcast()
	}
}

// Idle waits until the application answers no request: also none of those whose clients
// have gone.
func (s *Stack) Idle() {
	s.t.Helper()
	// Connections are accepted in their order: behind this one, none is left to accept.
	own := &http.Transport{DisableKeepAlives: true}
	r, err := own.RoundTrip(s.As("").At("").request(s.t.Context(), "GET /identity/v3", nil))
	s.must(err)
	_ = r.Body.Close()
	s.connections.mu.Lock()
	defer s.connections.mu.Unlock()
	for len(s.connections.busy) > 0 {
		s.connections.none.Wait()
	}
}
