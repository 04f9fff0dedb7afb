package novatest

import (
	"net"
	"net/http"
	"sync"
)

// connections contains the connections of the server on which a request is in progress.
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

// state is the ConnState function of http.Server.
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

// Idle waits until the application processes no request, including requests whose clients have closed their connections.
func (s *Stack) Idle() {
	s.t.Helper()
	// The listener accepts connections in order: after this request, no earlier connection is waiting.
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
