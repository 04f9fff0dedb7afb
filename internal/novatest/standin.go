package novatest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// StandIn takes the place of a service over HTTP: it answers what a test gives it, by method
// and path, else 404, and remembers the bodies that it was sent.
type StandIn struct {
	URL string // without a slash at its end

	mu      sync.Mutex
	answers map[string]string // "GET /v2.0/networks": "200 {…}"
	sent    map[string]string
}

// NewStandIn starts a stand-in that ends with the test. Its answers are a status and a
// body, by method and path: "GET /v2.0/networks": `200 {"networks": []}`.
func NewStandIn(t testing.TB, answers map[string]string) *StandIn {
	n := &StandIn{answers: answers, sent: map[string]string{}}
	s := httptest.NewServer(n)
	t.Cleanup(s.Close)
	n.URL = s.URL
	return n
}

// ServeHTTP implements [http.Handler].
func (n *StandIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := r.Method + " " + r.URL.Path
	body, _ := io.ReadAll(r.Body)
	n.sent[key] = string(body)
	answer, ok := n.answers[key]
	if !ok {
		answer = `404 {"itemNotFound": {"message": "gone", "code": 404}}`
	}
	var status int
	_, _ = fmt.Sscan(answer, &status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer[4:])
}

// Answer sets the answer to a method and path; "" makes it 404.
func (n *StandIn) Answer(key, answer string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.answers[key] = answer; answer == "" {
		delete(n.answers, key)
	}
}

// Asked tells whether a method and path was asked for.
func (n *StandIn) Asked(key string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, asked := n.sent[key]
	return asked
}

// Got wants at least these members in the body that a method and path was sent last.
func (n *StandIn) Got(t testing.TB, key, want string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := Match([]byte(n.sent[key]), want, true); p != "" {
		t.Errorf("%s: %s in %s", key, p, n.sent[key])
	}
}

// WithTraits has a Placement whose providers have these traits.
func WithTraits(t testing.TB, traits ...string) Option {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"traits": append([]string{}, traits...), "resource_provider_generation": 1})
	}))
	t.Cleanup(server.Close)
	return Conf("[placement]\nauth_type = none\nendpoint_override = " + server.URL)
}
