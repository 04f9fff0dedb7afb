// Package eventstream serves GET /servers/events: the changes of servers as Server-Sent Events.
//
// A request is first sent, as GET /v2.1/servers/events, through the pipeline of the application, so that its token, its caller and
// the policy are checked as those of other requests. The operation of package-level Route adds the listener; after the pipeline has
// returned, nothing of it is kept, and the events are written to the connection.
package eventstream

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/internal/events"
	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/pytext"
)

// Path is the path of the events, below the address of the listener.
const Path = "/servers/events"

// Options configure New.
type Options struct {
	Hub *events.Hub
	// App is the application with its pipeline, which passes requests with a subscription to Within.
	App     http.Handler
	Metrics *metrics.Metrics // nil: nothing is recorded
	Log     zerolog.Logger
	Now     func() time.Time // decides whether tokens have expired
	// Heartbeat is the interval of comments that keep connections open, 15 s if it is 0. Expired tokens are noticed at
	// least as often.
	Heartbeat time.Duration
	// Recheck is the interval in which tokens are checked for revocation, a minute if it is 0. The cache of tokens delays
	// it by [keystone_authtoken] token_cache_time.
	Recheck time.Duration
	// Patience is how long a client may take no bytes before it is disconnected, 10 s if it is 0.
	Patience time.Duration
}

const (
	defaultHeartbeat = 15 * time.Second
	defaultRecheck   = time.Minute
	recheckTimeout   = 30 * time.Second
	defaultPatience  = 10 * time.Second
	// retry is the time in milliseconds after which clients connect again.
	retry = "3000"
)

// Streams is the handler of a listener of events.
type Streams struct{ Options }

// New returns the handler.
func New(o Options) *Streams {
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.Recheck <= 0 {
		o.Recheck = defaultRecheck
	}
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	return &Streams{o}
}

// subscription is what the operation has found out about a request.
type subscription struct {
	hub      *events.Hub
	after    string // the id of the last event that the client has received
	listener *events.Listener
	missed   bool
}

type subscriptionKey struct{}

// Within returns the application that a pipeline ends with: it passes requests of Streams to subscribe, and all others to app.
func Within(subscribe, app http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subscriptionOf(r.Context()) != nil {
			subscribe.ServeHTTP(w, r)
			return
		}
		app.ServeHTTP(w, r)
	})
}

func subscriptionOf(ctx context.Context) *subscription {
	s, _ := ctx.Value(subscriptionKey{}).(*subscription)
	return s
}

// Route is the operation that adds a listener. It is not one of Nova's, and only served to requests of Streams.
func Route() api.Route {
	return api.Route{Do: subscribe, Op: "servers.events", Method: "GET", Path: Path, OK: http.StatusOK,
		Authz: api.Early(policy.ServersIndex).Asks(policy.ServersIndexGetAllTenants), Errors: []int{400, 403, 503}}
}

func subscribe(r *api.Request) (any, error) {
	sub := subscriptionOf(r.Context())
	if sub == nil {
		return nil, api.Bare(http.StatusNotFound)
	}
	scope, err := scopeOf(r)
	if err != nil {
		return nil, err
	}
	sub.listener, sub.missed, err = sub.hub.Listen(scope, sub.after)
	if errors.Is(err, events.ErrFull) {
		return nil, &api.Fault{Status: http.StatusServiceUnavailable, Message: "Too many clients wait for events. Please try again later.",
			Header: http.Header{"Retry-After": {"10"}}}
	}
	return nil, err
}

// scopeOf reads the query. The rules are those of GET /servers.
func scopeOf(r *api.Request) (s events.Scope, err error) {
	for name := range r.Query() {
		value, _ := r.Query().Get(name)
		switch name {
		case "server":
			if !pytext.IsUUID(value) {
				return s, api.BadRequest("Invalid value for server: %q is not a UUID.", value)
			}
			s.Server = strings.ToLower(value)
		case "all_tenants":
			if s.All = value == ""; !s.All {
				if s.All, err = api.Truth(value); err != nil {
					return s, err
				}
			}
		default:
			return s, api.BadRequest("Unknown parameter %q: events can be selected by server and all_tenants.", name)
		}
	}
	if s.All {
		return s, r.Can(policy.ServersIndexGetAllTenants, r.Own())
	}
	s.Project, s.User = r.Caller.ProjectID, r.Caller.UserID
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Streams) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, known := innerPath(r.URL.Path)
	switch {
	case !known:
		http.Error(w, "This address only serves GET "+Path+".", http.StatusNotFound)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "Events are read with GET.", http.StatusMethodNotAllowed)
		return
	}
	sub := &subscription{hub: s.Hub, after: r.Header.Get("Last-Event-ID")}
	permit, answer := s.ask(r.Context(), r, path, sub)
	streamed := false
	defer func() {
		if sub.listener != nil {
			sub.listener.Close()
		}
		if streamed {
			s.Metrics.Listening(-1)
		}
	}()
	h := w.Header()
	maps.Copy(h, answer.header)
	if sub.listener == nil || answer.status != http.StatusOK {
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body.Bytes())
		return
	}
	h.Del("Content-Length")
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // for nginx
	s.Metrics.Listening(1)
	streamed = true
	c := &connection{Options: &s.Options, w: w, rc: http.NewResponseController(w), listener: sub.listener, permit: permit}
	if err := c.begin(sub); err == nil {
		c.run(r.Context())
	}
}

// innerPath returns the path of the application for a path of the listener: that of API version 2.1, unless the client has
// named one, as with an endpoint of the catalog.
func innerPath(path string) (string, bool) {
	if path == Path {
		return "/v2.1" + Path, true
	}
	return path, strings.HasSuffix(path, Path)
}

// ask sends the request through the pipeline.
func (s *Streams) ask(ctx context.Context, r *http.Request, path string, sub *subscription) (permit, *answer) {
	rec, ctx := middleware.WithRecheck(ctx)
	inner := r.Clone(context.WithValue(ctx, subscriptionKey{}, sub))
	inner.URL.Path, inner.URL.RawPath, inner.Body = path, "", http.NoBody
	for _, name := range []string{"Accept", "Accept-Encoding", "If-None-Match", "If-Match", "Last-Event-Id"} {
		inner.Header.Del(name)
	}
	a := &answer{header: http.Header{}}
	done := make(chan any)
	go func() { // so that the stack of the connection's goroutine, which stays, does not grow
		defer func() { done <- recover() }()
		s.App.ServeHTTP(a, inner)
	}()
	if panicked := <-done; panicked != nil {
		panic(panicked) // for net/http, which ends only this connection
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	p := permit{recheck: rec.Recheck}
	if rec.Token != nil {
		p.expires = rec.Token.ExpiresAt
	}
	return p, a
}

// permit is what remains of the authentication of a stream.
type permit struct {
	expires time.Time // zero: never
	recheck func(context.Context) error
}

// answer records the answer of the pipeline.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}
