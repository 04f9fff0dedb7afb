package novatest

import (
	"net"
	"net/http"
	"sync"
)

// connections are those to a stack, by what [http.Server] knows of them.
type connections struct {
	mu      sync.Mutex
	changed *sync.Cond
	states  map[net.Conn]http.ConnState
	left    map[string]bool // addresses of clients that hang up
}

func newConnections() *connections {
	c := &connections{states: map[net.Conn]http.ConnState{}, left: map[string]bool{}}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// state is the ConnState function of http.Server.
func (c *connections) state(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == http.StateClosed || state == http.StateHijacked {
		delete(c.states, conn)
		delete(c.left, conn.RemoteAddr().String())
	} else {
		c.states[conn] = state
	}
	c.changed.Broadcast()
}

// leaves says that a client has an address and hangs up.
func (c *connections) leaves(address net.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left[address.String()] = true
}

// busy tells whether there is a connection over which a request comes or is answered. What
// is new belongs to a client that hangs up, or to one that keeps it for a request later.
func (c *connections) busy() bool {
	for conn, state := range c.states {
		if state == http.StateActive || state == http.StateNew && c.left[conn.RemoteAddr().String()] {
			return true
		}
	}
	return false
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
	for s.connections.busy() {
		s.connections.changed.Wait()
	}
}
