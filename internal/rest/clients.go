package rest

import (
	"context"
	"fmt"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-go/nova/internal/reqctx"
)

// NoEndpoint reports that no catalog contains the session's service.
type NoEndpoint struct {
	Group, ServiceType, Region string
	Interfaces                 []string
}

func (e *NoEndpoint) Error() string {
	return fmt.Sprintf("[%s] no %s endpoint for %s service in region %s", e.Group, strings.Join(e.Interfaces, " or "), e.ServiceType, e.Region)
}

// AsService returns a client that acts as Nova's own user. It renews its token when the service
// rejects it. Clients are cheap and may be created per request; ctx is used only for the login.
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
	use := func(l *Login) {
		c.SetToken(l.Token)
		if l.Authorization != "" {
			c.MoreHeaders = map[string]string{"Authorization": l.Authorization}
		}
	}
	use(l)
	if s.logsIn() {
		c.ReauthFunc = func(ctx context.Context) error {
			s.Invalidate(c.Token())
			l, err := s.Login(ctx)
			if err == nil {
				use(l)
			}
			return err
		}
	}
	return c, nil
}

// AsUser returns a client that acts for the caller: with the caller's token, with Nova's
// service token if [service_user] enables it, at the endpoint in the caller's catalog, and with
// the caller's request id.
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

// endpoint returns endpoint_override, or the endpoint in the first catalog that contains the
// service: the caller's, the session's own, that of Options.Catalog. project replaces
// %(project_id)s.
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
