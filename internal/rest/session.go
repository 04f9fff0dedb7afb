package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/utils"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/singleflight"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/metrics"
)

// ErrNoAuth says that the group has no auth_type, so that one can act for callers there
// but not log in.
var ErrNoAuth = errors.New("auth_type is not set")

// renewBefore is how long before its end a token is replaced, as in keystoneauth.
const renewBefore = 2 * time.Minute

// Options make a Session.
type Options struct {
	// Group is the section that the options come from, for errors.
	Group   string
	Auth    config.Auth
	Session config.Session
	Adapter config.Adapter
	// Transport is nil for one of the session's own.
	Transport http.RoundTripper
	// UserAgent goes before gophercloud's own.
	UserAgent string
	// ServiceUser gives the X-Service-Token of calls on behalf of callers; nil
	// if [service_user] send_service_user_token is off.
	ServiceUser *Session
	// Metrics counts the calls under Group; nil: nobody does.
	Metrics *metrics.Metrics
	// Traces makes a span of each call, and tells the service of it; nil: nobody
	// does.
	Traces trace.TracerProvider
	// Catalog gives endpoints where neither the caller's catalog nor a login of
	// this session does; nil: nobody.
	Catalog *Session
}

// Session is a service of the catalog, with the way to log in for it. It is safe
// for concurrent use.
type Session struct {
	o      Options
	client http.Client
	login  atomic.Pointer[Login]
	flight singleflight.Group
}

// Login is a token of Nova's own user. It is shared and must not be changed.
type Login struct {
	Token     string
	ProjectID string
	ExpiresAt time.Time
	Catalog   Catalog
}

// New makes a session. It calls nobody. An error names the group and option that
// cannot be used.
func New(o Options) (*Session, error) {
	s := &Session{o: o}
	s.client.Transport = o.Transport
	if o.Transport == nil {
		t, err := NewTransport(o.Group, o.Session)
		if err != nil {
			return nil, err
		}
		s.client.Transport = t
	}
	s.client.Transport = counted(s.client.Transport, o)
	if o.Session.Timeout != nil {
		s.client.Timeout = time.Duration(*o.Session.Timeout * float64(time.Second))
	}
	switch o.Auth.AuthType {
	case "", "none", "noauth", "password", "v3password", "token", "v3token", "v3applicationcredential", "admin_token":
	default:
		return nil, fmt.Errorf("[%s] auth_type: the plugin %q is not supported", o.Group, o.Auth.AuthType)
	}
	if o.Auth.AuthURL == "" && s.logsIn() {
		return nil, fmt.Errorf("[%s] auth_url is required by the plugin %s", o.Group, o.Auth.AuthType)
	}
	return s, nil
}

func (s *Session) logsIn() bool {
	switch s.o.Auth.AuthType {
	case "", "none", "noauth", "admin_token":
		return false
	}
	return true
}

// HTTP is the client that the session's calls go through.
func (s *Session) HTTP() *http.Client { return &s.client }

// AuthURL is auth_url.
func (s *Session) AuthURL() string { return s.o.Auth.AuthURL }

// Metrics is where those who use the session count; it may be nil.
func (s *Session) Metrics() *metrics.Metrics {
	if s == nil {
		return nil
	}
	return s.o.Metrics
}

// UserAgent is what calls name as theirs.
func (s *Session) UserAgent() string {
	return strings.TrimSpace(s.o.UserAgent + " " + gophercloud.DefaultUserAgent)
}

// Login gives the session's own token, and gets one from Keystone if there is
// none or it ends within two minutes. Goroutines that ask at the same time share
// one call, which goes on when its first caller gives up.
func (s *Session) Login(ctx context.Context) (*Login, error) {
	if l := s.current(); l != nil {
		return l, nil
	}
	switch s.o.Auth.AuthType {
	case "":
		return nil, fmt.Errorf("[%s] %w", s.o.Group, ErrNoAuth)
	case "none", "noauth", "admin_token":
		l := &Login{Token: s.o.Auth.Token, ExpiresAt: time.Now().Add(24 * time.Hour)}
		s.login.Store(l)
		return l, nil
	}
	done := s.flight.DoChan("", func() (any, error) {
		if l := s.current(); l != nil { // a call that has just ended got it
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

// current is the login that holds for a while yet, or nil.
func (s *Session) current() *Login {
	if l := s.login.Load(); l != nil && time.Until(l.ExpiresAt) > renewBefore {
		return l
	}
	return nil
}

// Invalidate forgets a token that a service has refused; another one that has
// been got meanwhile stays.
func (s *Session) Invalidate(token string) {
	if l := s.login.Load(); l != nil && l.Token == token {
		s.login.CompareAndSwap(l, nil)
	}
}

func (s *Session) authenticate(ctx context.Context) (*Login, error) {
	p, err := openstack.NewClient(s.o.Auth.AuthURL)
	if err != nil {
		return nil, err
	}
	p.HTTPClient = s.client
	p.UserAgent.Prepend(s.o.UserAgent)
	p.RetryFunc = s.retry
	o := authOptions(s.o.Auth)
	if err := openstack.AuthenticateV3(ctx, p, &o, gophercloud.EndpointOpts{}); err != nil {
		return nil, err
	}
	result, ok := p.GetAuthResult().(tokens.CreateResult)
	if !ok {
		return nil, fmt.Errorf("keystone's answer is a %T", p.GetAuthResult())
	}
	token, err := result.ExtractToken()
	if err != nil {
		return nil, err
	}
	l := &Login{Token: token.ID, ExpiresAt: token.ExpiresAt}
	if project, err := result.ExtractProject(); err == nil && project != nil {
		l.ProjectID = project.ID
	}
	catalog, err := result.ExtractServiceCatalog()
	if err != nil {
		return nil, err
	}
	l.Catalog = catalogOfV3(catalog.Entries)
	return l, nil
}

// authOptions turns keystoneauth's options into gophercloud's.
func authOptions(a config.Auth) gophercloud.AuthOptions {
	o := gophercloud.AuthOptions{IdentityEndpoint: a.AuthURL}
	switch a.AuthType {
	case "token", "v3token":
		o.TokenID = a.Token
	case "v3applicationcredential":
		o.ApplicationCredentialID = a.ApplicationCredentialID
		o.ApplicationCredentialSecret = a.ApplicationCredentialSecret
		if a.ApplicationCredentialID == "" {
			o.ApplicationCredentialName = a.ApplicationCredentialName
			setUser(&o, a)
		}
		return o // carries its own scope
	default:
		o.Password = a.Password
		setUser(&o, a)
	}
	scope := gophercloud.AuthScope{}
	switch {
	case a.TrustID != "":
		scope.TrustID = a.TrustID
	case a.SystemScope != "":
		scope.System = true
	case a.DomainID != "":
		scope.DomainID = a.DomainID
	case a.DomainName != "":
		scope.DomainName = a.DomainName
	case a.ProjectID != "":
		scope.ProjectID = a.ProjectID
	case a.ProjectName != "":
		scope.ProjectName = a.ProjectName
		scope.DomainID, scope.DomainName = domain(a, a.ProjectDomainID, a.ProjectDomainName)
	default:
		return o
	}
	o.Scope = &scope
	return o
}

func setUser(o *gophercloud.AuthOptions, a config.Auth) {
	if a.UserID != "" {
		o.UserID = a.UserID
		return
	}
	o.Username = a.Username
	o.DomainID, o.DomainName = domain(a, a.UserDomainID, a.UserDomainName)
}

// domain prefers the id, and falls back to the default domain's options.
func domain(a config.Auth, id, name string) (string, string) {
	switch {
	case id != "":
		return id, ""
	case name != "":
		return "", name
	case a.DefaultDomainID != "":
		return a.DefaultDomainID, ""
	}
	return "", a.DefaultDomainName
}

// IdentityV3 gives Keystone's v3 URL, with a slash at its end, for an URL that
// may have a version or not.
func IdentityV3(url string) (string, error) {
	base, err := utils.BaseEndpoint(url)
	if err != nil {
		return "", err
	}
	return gophercloud.NormalizeURL(base) + "v3/", nil
}
