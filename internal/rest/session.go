package rest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/utils"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/singleflight"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/metrics"
)

// ErrNoAuth reports that the group has no auth_type: the session can act for callers, but
// cannot log in.
var ErrNoAuth = errors.New("auth_type is not set")

// renewBefore is the remaining lifetime at which a token is renewed, as in keystoneauth.
const renewBefore = 2 * time.Minute

// Options configure a Session.
type Options struct {
	// Group is the group of the options, for errors.
	Group   string
	Auth    config.Auth
	Session config.Session
	Adapter config.Adapter
	// Servers are base URLs of the service instead of endpoint_override and the catalog's: each has the
	// same service. An empty list has no effect.
	Servers []string
	// Transport sends the requests; nil means a transport of the session's own.
	Transport http.RoundTripper
	// UserAgent is prepended to gophercloud's own.
	UserAgent string
	// ServiceUser returns the X-Service-Token of requests on behalf of callers; nil if
	// [service_user] send_service_user_token is false.
	ServiceUser *Session
	// Metrics records the requests under Group; it may be nil.
	Metrics *metrics.Metrics
	// Traces creates a span of each request, and sends traceparent; it may be nil.
	Traces trace.TracerProvider
	// Catalog returns endpoints that neither the caller's catalog nor a login of this session
	// contains; it may be nil.
	Catalog *Session
}

// Session is the connection to a service of the catalog with Nova's credentials for it. It is
// safe for concurrent use.
type Session struct {
	o      Options
	client http.Client
	login  atomic.Pointer[Login]
	flight singleflight.Group
}

// Login is a token of Nova's own user. It is shared and read-only.
type Login struct {
	Token string
	// Authorization is the value of the header of this name; "" for plugins without it.
	Authorization string
	ProjectID     string
	ExpiresAt     time.Time
	Catalog       Catalog
}

// New returns a session. It sends no requests. Its error names the group and the unusable
// option.
func New(o Options) (*Session, error) {
	if len(o.Servers) > 0 {
		o.Adapter.EndpointOverride = o.Servers[0]
	}
	s := &Session{o: o}
	s.client.Transport = o.Transport
	if o.Transport == nil {
		t, err := NewTransport(o.Group, o.Session)
		if err != nil {
			return nil, err
		}
		s.client.Transport = t
	}
	t, err := newServersTransport(s.client.Transport, o.Servers)
	if err != nil {
		return nil, fmt.Errorf("[%s] api_servers: %w", o.Group, err)
	}
	s.client.Transport = measuredTransport(t, o)
	if o.Session.Timeout != nil {
		s.client.Timeout = time.Duration(*o.Session.Timeout * float64(time.Second))
	}
	if _, known := plugins[o.Auth.AuthType]; o.Auth.AuthType != "" && !known {
		err := fmt.Errorf("[%s] auth_type: the plugin %q is not supported", o.Group, o.Auth.AuthType)
		if name := config.Nearest(o.Auth.AuthType, slices.Collect(maps.Keys(plugins))); name != "" {
			err = fmt.Errorf("%w; did you mean %s?", err, name)
		}
		return nil, err
	}
	if err := incomplete(o.Group, o.Auth); err != nil {
		return nil, err
	}
	if o.Auth.AuthURL == "" && s.logsIn() {
		return nil, fmt.Errorf("[%s] auth_url: is not set, and the plugin %s requires it", o.Group, o.Auth.AuthType)
	}
	return s, nil
}

func (s *Session) logsIn() bool {
	switch s.o.Auth.AuthType {
	case "", "none", "noauth", "admin_token", "http_basic":
		return false
	}
	return true
}

// HTTP returns the client of the session's requests.
func (s *Session) HTTP() *http.Client { return &s.client }

// Group returns the group of the options.
func (s *Session) Group() string { return s.o.Group }

// AuthType returns auth_type.
func (s *Session) AuthType() string { return s.o.Auth.AuthType }

// AuthURL returns auth_url.
func (s *Session) AuthURL() string { return s.o.Auth.AuthURL }

// Metrics returns the metrics for users of the session; it may be nil.
func (s *Session) Metrics() *metrics.Metrics {
	if s == nil {
		return nil
	}
	return s.o.Metrics
}

// UserAgent returns the value of the header User-Agent.
func (s *Session) UserAgent() string {
	return strings.TrimSpace(s.o.UserAgent + " " + gophercloud.DefaultUserAgent)
}

// Login returns the session's own token. It gets one from Keystone if there is none, or if it
// expires within two minutes. Concurrent calls share one request, which continues when its
// first caller is cancelled.
func (s *Session) Login(ctx context.Context) (*Login, error) {
	if l := s.current(); l != nil {
		return l, nil
	}
	switch s.o.Auth.AuthType {
	case "":
		return nil, fmt.Errorf("[%s] %w", s.o.Group, ErrNoAuth)
	case "none", "noauth", "admin_token", "http_basic":
		l := &Login{Token: s.o.Auth.Token, Authorization: basic(s.o.Auth), ExpiresAt: time.Now().Add(24 * time.Hour)}
		if s.o.Auth.AuthType == "none" {
			l.Token = "notused" // as in keystoneauth
		}
		s.login.Store(l)
		return l, nil
	}
	done := s.flight.DoChan("", func() (any, error) {
		if l := s.current(); l != nil { // a concurrent call has stored it
			return l, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		l, err := s.authenticate(ctx)
		if err == nil {
			s.login.Store(l)
		}
		return l, err
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return nil, fmt.Errorf("[%s] no token of user %s%s from %s: %w", s.o.Group, s.o.Auth.Username, s.o.Auth.UserID, s.o.Auth.AuthURL, r.Err)
		}
		return r.Val.(*Login), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// current returns a login that does not expire soon, or nil.
func (s *Session) current() *Login {
	if l := s.login.Load(); l != nil && time.Until(l.ExpiresAt) > renewBefore {
		return l
	}
	return nil
}

// Invalidate discards a token that a service has rejected, unless another one has replaced it.
func (s *Session) Invalidate(token string) {
	if l := s.login.Load(); l != nil && l.Token == token {
		s.login.CompareAndSwap(l, nil)
	}
}

// IdentityV3 returns Keystone's v3 URL, with a trailing slash, for a URL with or without
// version.
func IdentityV3(url string) (string, error) {
	base, err := utils.BaseEndpoint(url)
	if err != nil {
		return "", err
	}
	return gophercloud.NormalizeURL(base) + "v3/", nil
}
