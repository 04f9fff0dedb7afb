package rest

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gophercloud/gophercloud/v2"
	"golang.org/x/oauth2"

	"github.com/nova-go/nova/internal/clienttls"
)

// Problem is a reason for which a session cannot be used, or soon cannot.
type Problem struct {
	Group, Option string // the option that the problem is about
	Reason        string
	Soon          bool // the session can still be used
	Missing       bool // the catalog has no endpoint of the service
}

// Probe logs in with each session that has credentials, looks for its service in the catalog, and
// sends the service a request without a token. Sessions with the same credentials share a login,
// because Keystone may lock a user after some failed ones. Sessions without credentials use the
// catalog of the first successful login; nothing is looked for if there is none. The problems are
// in the order of the sessions.
func Probe(ctx context.Context, sessions []*Session) []Problem {
	var logins sync.WaitGroup
	attempts := map[string]*attempt{}
	for _, s := range sessions {
		if !s.logsIn() || attempts[s.credentials()] != nil {
			continue
		}
		a := &attempt{}
		attempts[s.credentials()] = a
		logins.Go(func() { a.login, a.err = s.Login(ctx) })
	}
	logins.Wait()
	var catalog Catalog
	for _, s := range sessions {
		if a := attempts[s.credentials()]; a != nil && a.err == nil {
			s.login.Store(a.login)
			if catalog == nil {
				catalog = a.login.Catalog
			}
		}
	}
	urls := newURLProbes(ctx)
	found := make([][]Problem, len(sessions))
	var requests sync.WaitGroup
	for i, s := range sessions {
		requests.Go(func() {
			if a := attempts[s.credentials()]; a != nil && a.err != nil {
				found[i] = []Problem{s.refusal(ctx, a.err)}
				return
			}
			found[i] = s.problems(ctx, catalog, urls)
		})
	}
	requests.Wait()
	var out []Problem
	for _, p := range found {
		out = append(out, p...)
	}
	return out
}

// attempt is the login of the sessions with the same credentials.
type attempt struct {
	login *Login
	err   error
}

// credentials identifies the user with which the session logs in.
func (s *Session) credentials() string {
	if !s.logsIn() {
		return ""
	}
	a := s.o.Auth
	a.AuthSection = ""
	return fmt.Sprint(a)
}

// problems returns the problems of one session after its login, if it has credentials.
func (s *Session) problems(ctx context.Context, catalog Catalog, urls *urlProbes) []Problem {
	var out []Problem
	project := ""
	if l := s.login.Load(); s.logsIn() && l != nil {
		project, catalog = l.ProjectID, l.Catalog
		if a := s.o.Auth; l.ProjectID == "" && a.SystemScope == "" && a.DomainID == "" && a.DomainName == "" {
			return []Problem{{Group: s.o.Group, Option: "project_name",
				Reason: "the token has no project: neither project_name nor project_id is set"}}
		}
		if p, ok := urls.expiry(s, s.o.Auth.AuthURL); ok {
			out = append(out, Problem{Group: s.o.Group, Option: "auth_url", Reason: p, Soon: true})
		}
	}
	if s.o.Adapter.ServiceType == "" && s.o.Adapter.EndpointOverride == "" {
		return out
	}
	address, option := "", s.addressOption()
	if option != "" {
		address, _ = s.endpoint(ctx, nil, project) // does not log in
	} else {
		option = "service_type"
		if catalog == nil {
			return out
		}
		if address = catalog.Find(s.o.Adapter); address == "" {
			return append(out, s.missing(catalog))
		}
	}
	if why := urls.answer(s, address); why != "" {
		return append(out, Problem{Group: s.o.Group, Option: option,
			Reason: fmt.Sprintf("the %s service at %s %s", s.o.Adapter.ServiceType, address, why)})
	}
	if p, ok := urls.expiry(s, address); ok {
		out = append(out, Problem{Group: s.o.Group, Option: option, Reason: p, Soon: true})
	}
	return out
}

// addressOption returns the option that has the address of the service, or "" if the catalog has it.
func (s *Session) addressOption() string {
	switch {
	case len(s.o.Servers) > 0:
		return "api_servers"
	case s.o.Adapter.EndpointOverride != "":
		return "endpoint_override"
	case !s.logsIn() && s.o.Auth.Endpoint != "":
		return "endpoint"
	}
	return ""
}

// missing names the option for which the catalog has no endpoint.
func (s *Session) missing(c Catalog) Problem {
	a := s.o.Adapter
	p := Problem{Group: s.o.Group, Missing: true}
	wider := a
	if wider.RegionName = ""; c.Find(wider) != "" {
		p.Option = "region_name"
		p.Reason = fmt.Sprintf("the catalog has no endpoint of the %s service in the region %s", a.ServiceType, a.RegionName)
		return p
	}
	wider.ValidInterfaces = []string{"public", "internal", "admin"}
	if c.Find(wider) != "" {
		p.Option, p.Reason = "valid_interfaces", fmt.Sprintf("the catalog has no endpoint of the %s service with the interface %s", a.ServiceType,
			strings.Join(a.ValidInterfaces, " or "))
		return p
	}
	wider.ServiceName = ""
	if a.ServiceName != "" && c.Find(wider) != "" {
		p.Option, p.Reason = "service_name", fmt.Sprintf("the catalog has no %s service with the name %s", a.ServiceType, a.ServiceName)
		return p
	}
	p.Option, p.Reason = "service_type", fmt.Sprintf("the catalog has no %s service", a.ServiceType)
	return p
}

// refusal explains a login that failed.
func (s *Session) refusal(ctx context.Context, err error) Problem {
	a := s.o.Auth
	p := Problem{Group: s.o.Group, Option: "auth_url"}
	status, answered := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		p.Option = "access_token_endpoint"
		if strings.HasPrefix(a.AuthType, "v3oauth2") {
			p.Option = "oauth2_endpoint"
		}
		p.Reason = innermost(err).Error()
		if refused.ErrorCode != "" {
			p.Reason = "the request of a token is refused: " + strings.TrimSuffix(refused.ErrorCode+": "+refused.ErrorDescription, ": ")
		}
		return p
	}
	switch {
	case answered && status.Actual == http.StatusUnauthorized:
		p.Option = "password"
		who := a.Username + a.UserID
		switch a.AuthType {
		case "token", "v3token":
			p.Option, who = "token", ""
		case "v3oidcpassword", "v3oidcclientcredentials", "v3oidcaccesstoken":
			p.Option, who = "protocol", ""
		case "v3oauth2clientcredential", "v3oauth2mtlsclientcredential":
			p.Option, who = "oauth2_client_id", a.OAuth2ClientID
		case "v3applicationcredential":
			p.Option = "application_credential_secret"
			if a.ApplicationCredentialID != "" {
				who = a.ApplicationCredentialID
			}
		}
		p.Reason = fmt.Sprintf("the Keystone at %s refuses the login of %q; user, domains, project or password are wrong", a.AuthURL, who)
		if who == "" {
			p.Reason = fmt.Sprintf("the Keystone at %s refuses the token", a.AuthURL)
		}
	case answered && status.Actual == http.StatusNotFound:
		p.Reason = fmt.Sprintf("there is no Keystone at %s: a login is answered with 404", a.AuthURL)
	case answered:
		p.Reason = fmt.Sprintf("the Keystone at %s answers a login with %d", a.AuthURL, status.Actual)
	case IsNetwork(err) || ctx.Err() != nil || clienttls.CertificateReason(err) != "":
		p.Reason = fmt.Sprintf("the Keystone at %s %s", a.AuthURL, silence(ctx, err))
	default: // no request has been sent
		p.Option, p.Reason = "auth_type", fmt.Sprintf("the options of the plugin %s are incomplete: %s", a.AuthType, innermost(err))
	}
	return p
}

// innermost returns the error that others wrap.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// silence explains why a request has no answer.
func silence(ctx context.Context, err error) string {
	if why := clienttls.CertificateReason(err); why != "" {
		return "has a certificate that cannot be verified: " + why
	}
	return "does not answer: " + Cause(ctx, err).Error()
}

// Cause removes Go's prefixes from the error of a request, which ctx may have ended.
func Cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("no answer in time")
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// urlProbes keeps one answer per URL and TLS configuration.
type urlProbes struct {
	ctx context.Context
	mu  sync.Mutex
	got map[string]*urlProbe
}

type urlProbe struct {
	once sync.Once
	why  string // "": it has answered
	cert *x509.Certificate
}

func newURLProbes(ctx context.Context) *urlProbes {
	return &urlProbes{ctx: ctx, got: map[string]*urlProbe{}}
}

func (u *urlProbes) of(s *Session, address string) *urlProbe {
	key := fmt.Sprint(address, s.o.Session.Insecure, s.o.Session.CAFile, s.o.Session.CertFile)
	u.mu.Lock()
	p := u.got[key]
	if p == nil {
		p = &urlProbe{}
		u.got[key] = p
	}
	u.mu.Unlock()
	p.once.Do(func() { p.ask(u.ctx, s, address) })
	return p
}

func (p *urlProbe) ask(ctx context.Context, s *Session, address string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		p.why = "cannot be reached: " + err.Error()
		return
	}
	resp, err := s.client.Do(req)
	if err != nil {
		p.why = silence(ctx, err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		p.cert = resp.TLS.PeerCertificates[0]
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		p.why = "answers with " + resp.Status
	}
}

// answer returns why a URL does not answer, or "".
func (u *urlProbes) answer(s *Session, address string) string { return u.of(s, address).why }

// expiry tells of the server's certificate if it expires soon.
func (u *urlProbes) expiry(s *Session, address string) (string, bool) {
	cert := u.of(s, address).cert
	if cert == nil {
		return "", false
	}
	text, _ := clienttls.Expiry(cert)
	if text == "" {
		return "", false
	}
	return fmt.Sprintf("the certificate of %s %s", address, text), true
}
