package rest

import (
	"context"
	"fmt"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/reqctx"
)

// NoEndpoint is the answer where no catalog has the session's service.
type NoEndpoint struct {
	Group, ServiceType, Region string
	Interfaces                 []string
}

func (e *NoEndpoint) Error() string {
	return fmt.Sprintf("[%s] no %s endpoint for %s service in region %s", e.Group, strings.Join(e.Interfaces, " or "), e.ServiceType, e.Region)
}

// AsService gives a client that acts as Nova's own user. It renews its token
// when the service refuses it. Clients are cheap and may be made per request;
// ctx is for the login only.
func (s *Session) AsService(ctx context.Context) (*gophercloud.ServiceClient, error) {
	l, err := s.Login(ctx)
	if err != nil {
		return nil, err
	}
	endpoint, err := s.endpoint(ctx, nil, l.ProjectID)
	if err != nil {
		return nil, err
	}
	c := s.provider(endpoint)
	c.SetToken(l.Token)
	if s.logsIn() {
		c.ReauthFunc = func(ctx context.Context) error {
			s.Invalidate(c.Token())
			l, err := s.Login(ctx)
			if err == nil {
				c.SetToken(l.Token)
			}
			return err
		}
	}
	return c, nil
}

// AsUser gives a client that acts for the caller: with the caller's token, with
// Nova's own beside it where [service_user] says so, at the endpoint of the
// caller's catalog, and under the caller's request id.
func (s *Session) AsUser(ctx context.Context, caller *reqctx.Caller) (*gophercloud.ServiceClient, error) {
	endpoint, err := s.endpoint(ctx, caller, caller.ProjectID)
	if err != nil {
		return nil, err
	}
	c := s.provider(endpoint)
	c.SetToken(caller.AuthToken)
	c.MoreHeaders = map[string]string{}
	id := caller.GlobalRequestID
	if id == "" {
		id = caller.RequestID
	}
	if id != "" {
		c.MoreHeaders["X-OpenStack-Request-ID"] = id
	}
	if s.o.ServiceUser != nil {
		l, err := s.o.ServiceUser.Login(ctx)
		if err != nil {
			return nil, err
		}
		c.MoreHeaders["X-Service-Token"] = l.Token
	}
	return c, nil
}

func (s *Session) provider(endpoint string) *gophercloud.ServiceClient {
	p := &gophercloud.ProviderClient{HTTPClient: s.client, RetryFunc: s.retry}
	p.UseTokenLock()
	p.UserAgent.Prepend(s.o.UserAgent)
	return &gophercloud.ServiceClient{ProviderClient: p, Endpoint: gophercloud.NormalizeURL(endpoint), Type: s.o.Adapter.ServiceType}
}

// endpoint is endpoint_override, or what the catalogs have: the caller's, the
// session's own, that of Options.Catalog. project stands for %(project_id)s.
func (s *Session) endpoint(ctx context.Context, caller *reqctx.Caller, project string) (string, error) {
	a := s.o.Adapter
	override := a.EndpointOverride
	if override == "" && !s.logsIn() {
		override = s.o.Auth.Endpoint
	}
	if override != "" {
		r := strings.NewReplacer("%(project_id)s", project, "%(tenant_id)s", project, "$(project_id)s", project, "$(tenant_id)s", project)
		return r.Replace(override), nil
	}
	if caller != nil {
		if url := catalogFor(ctx, caller).Find(a); url != "" {
			return url, nil
		}
	}
	for _, of := range []*Session{s, s.o.Catalog} {
		if of == nil || !of.logsIn() {
			continue
		}
		l, err := of.Login(ctx)
		if err != nil {
			return "", err
		}
		if url := l.Catalog.Find(a); url != "" {
			return url, nil
		}
	}
	return "", &NoEndpoint{Group: s.o.Group, ServiceType: a.ServiceType, Region: a.RegionName, Interfaces: a.ValidInterfaces}
}
