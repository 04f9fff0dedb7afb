package eventstream_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/eventstream"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/events"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/release"
)

// keystone validates any token until it is revoked.
type keystone struct {
	expires time.Time
	revoked atomic.Bool
	away    atomic.Bool
	asked   atomic.Int64
}

// CheckToken implements middleware.TokenChecker.
func (k *keystone) CheckToken(context.Context, string, bool) ([]byte, error) {
	k.asked.Add(1)
	switch {
	case k.revoked.Load():
		return nil, middleware.ErrInvalidToken
	case k.away.Load():
		return nil, fmt.Errorf("Keystone is away")
	}
	return fmt.Appendf(nil, `{"token": {"methods": ["password"], "expires_at": %q, "issued_at": "2026-01-01T00:00:00.000000Z",
		"user": {"id": "u", "name": "u", "domain": {"id": "default", "name": "Default"}},
		"project": {"id": "p", "name": "p", "domain": {"id": "default", "name": "Default"}},
		"roles": [{"id": "r", "name": "member"}, {"id": "s", "name": "reader"}]}}`, k.expires.UTC().Format("2006-01-02T15:04:05.000000Z")), nil
}

// serve runs a pipeline of authtoken and keystonecontext with short intervals.
func serve(t testing.TB, k *keystone, now func() time.Time) (hub *events.Hub, url string) {
	t.Helper()
	enforcer, err := policy.New(policy.Options{Release: release.Newest(), Log: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	subscribe, err := api.New(api.Config{Policy: enforcer, Log: zerolog.Nop(), Release: release.Newest()}, []api.Route{eventstream.Route()})
	if err != nil {
		t.Fatal(err)
	}
	app := http.StripPrefix("/v2.1", eventstream.Within(subscribe, http.NotFoundHandler()))
	app = middleware.KeystoneContext(middleware.KeystoneContextOptions{Log: zerolog.Nop()})(app)
	app = middleware.AuthToken(middleware.AuthTokenOptions{Config: config.KeystoneAuthtoken{TokenCacheTime: -1, EnforceTokenBind: "permissive"}, Checker: k, Now: now,
		Log: zerolog.Nop()})(app)
	hub = events.NewHub(0)
	server := httptest.NewServer(eventstream.New(eventstream.Options{Hub: hub, App: app, Log: zerolog.Nop(), Now: now,
		Heartbeat: 5 * time.Millisecond, Recheck: time.Millisecond, Patience: 100 * time.Millisecond}))
	t.Cleanup(server.Close)
	t.Cleanup(hub.Close)
	return hub, server.URL
}

func listen(t testing.TB, url string) *novatest.EventStream {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+eventstream.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", "token")
	r, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK {
		t.Fatalf("status %d", r.StatusCode)
	}
	return novatest.ReadEvents(t, r.Body)
}

// TestRevocation ends the events of a token that is revoked, but not while Keystone is away.
func TestRevocation(t *testing.T) {
	t.Parallel()
	k := &keystone{expires: time.Now().Add(time.Hour)}
	hub, url := serve(t, k, time.Now)
	stream := listen(t, url)
	k.away.Store(true)
	before := k.asked.Load()
	testproc.Eventually(t, "the token is checked again", func() bool { return k.asked.Load() > before+1 })
	hub.Publish(events.FromAPI, &events.Event{Type: "instance.update", Server: "s", Project: "p", Time: time.Now()})
	if e := stream.Next(); e.Server.Server != "s" {
		t.Errorf("event %v", e)
	}
	k.revoked.Store(true)
	stream.Ends()
	testproc.Eventually(t, "there is no listener", func() bool { return hub.Count() == 0 })
}

// TestExpiry ends the events of a token that expires.
func TestExpiry(t *testing.T) {
	t.Parallel()
	now := atomic.Pointer[time.Time]{}
	began := time.Now()
	now.Store(&began)
	k := &keystone{expires: began.Add(time.Hour)}
	_, url := serve(t, k, func() time.Time { return *now.Load() })
	stream := listen(t, url)
	later := began.Add(time.Hour)
	now.Store(&later)
	stream.Ends()
}

// TestSlowListener disconnects a listener that takes nothing, while another one receives all events.
func TestSlowListener(t *testing.T) {
	t.Parallel()
	hub, url := serve(t, &keystone{expires: time.Now().Add(time.Hour)}, time.Now)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", url[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nX-Auth-Token: t\r\n\r\n", eventstream.Path); err != nil {
		t.Fatal(err)
	}
	testproc.Eventually(t, "there is a listener", func() bool { return hub.Count() == 1 })
	stream := listen(t, url)
	sent := 0
	testproc.Eventually(t, "the slow listener is disconnected", func() bool {
		for range 1000 {
			sent++
			hub.Publish(events.FromAPI, &events.Event{Type: "instance.update", Server: fmt.Sprint("server-", sent), Project: "p", Time: time.Now()})
			if e := stream.Next(); e.Server.Server != fmt.Sprint("server-", sent) {
				t.Fatalf("event %s instead of %d", e.Data, sent)
			}
		}
		return hub.Count() == 1
	})
}
