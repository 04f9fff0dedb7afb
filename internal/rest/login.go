package rest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/nova-go/nova/config"
)

// plugins are the supported values of auth_type, with the options that each requires beside auth_url.
var plugins = map[string][]string{
	"none": nil, "noauth": nil, "admin_token": nil, "http_basic": nil,
	"password": nil, "v3password": nil, "token": nil, "v3token": nil, "v3applicationcredential": nil, "v3totp": nil,
	"v3oidcpassword":          {"identity_provider", "protocol", "username", "password"},
	"v3oidcclientcredentials": {"identity_provider", "protocol", "client_id", "client_secret"},
	"v3oidcaccesstoken":       {"identity_provider", "protocol", "access_token"},
	"v3adfspassword": {"identity_provider", "protocol", "identity_provider_url", "service_provider_endpoint",
		"service_provider_entity_id", "username", "password"},
	"v3oauth2clientcredential":     {"oauth2_endpoint", "oauth2_client_id", "oauth2_client_secret"},
	"v3oauth2mtlsclientcredential": {"oauth2_endpoint", "oauth2_client_id"},
}

// incomplete names an option that the plugin requires and that is not set.
func incomplete(group string, a config.Auth) error {
	set := map[string]string{"identity_provider": a.IdentityProvider, "protocol": a.Protocol, "username": a.Username, "password": a.Password,
		"client_id": a.ClientID, "client_secret": a.ClientSecret, "access_token": a.AccessToken, "oauth2_endpoint": a.OAuth2Endpoint,
		"oauth2_client_id": a.OAuth2ClientID, "oauth2_client_secret": a.OAuth2ClientSecret, "identity_provider_url": a.IdentityProviderURL,
		"service_provider_endpoint": a.ServiceProviderEndpoint, "service_provider_entity_id": a.ServiceProviderEntityID}
	for _, option := range plugins[a.AuthType] {
		if set[option] == "" {
			return fmt.Errorf("[%s] %s: is not set, and the plugin %s requires it", group, option, a.AuthType)
		}
	}
	switch a.AuthType {
	case "v3oidcpassword", "v3oidcclientcredentials":
		if a.AccessTokenEndpoint == "" && a.DiscoveryEndpoint == "" {
			return fmt.Errorf("[%s] access_token_endpoint: neither it nor discovery_endpoint is set, and the plugin %s requires one", group,
				a.AuthType)
		}
	}
	return nil
}

// basic returns the header Authorization of http_basic.
func basic(a config.Auth) string {
	if a.AuthType != "http_basic" || a.Username == "" {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.Username+":"+a.Password))
}

// authenticate gets a token from Keystone.
func (s *Session) authenticate(ctx context.Context) (*Login, error) {
	a := s.o.Auth
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &s.client)
	switch a.AuthType {
	case "v3oidcpassword", "v3oidcclientcredentials", "v3oidcaccesstoken", "v3adfspassword":
		exchange := s.federatedToken
		if a.AuthType == "v3adfspassword" {
			exchange = s.adfsToken
		}
		token, err := exchange(ctx)
		if err != nil {
			return nil, err
		}
		a.AuthType, a.Token = "v3token", token
		return s.passToKeystone(ctx, a)
	case "v3oauth2clientcredential":
		l, err := s.passToKeystone(ctx, a)
		if err != nil {
			return nil, err
		}
		return l, s.bearer(ctx, l, &clientcredentials.Config{ClientID: a.OAuth2ClientID, ClientSecret: a.OAuth2ClientSecret,
			TokenURL: a.OAuth2Endpoint, AuthStyle: oauth2.AuthStyleInHeader})
	case "v3oauth2mtlsclientcredential":
		l := &Login{}
		if err := s.bearer(ctx, l, &clientcredentials.Config{ClientID: a.OAuth2ClientID, TokenURL: a.OAuth2Endpoint,
			AuthStyle: oauth2.AuthStyleInParams}); err != nil {
			return nil, err
		}
		return s.describe(ctx, l.Authorization)
	}
	return s.passToKeystone(ctx, a)
}

// passToKeystone sends the credentials to Keystone.
func (s *Session) passToKeystone(ctx context.Context, a config.Auth) (*Login, error) {
	p, err := s.identity()
	if err != nil {
		return nil, err
	}
	o := authOptions(a)
	if err := openstack.AuthenticateV3(ctx, p, &o, gophercloud.EndpointOpts{}); err != nil {
		return nil, err
	}
	result, ok := p.GetAuthResult().(tokens.CreateResult)
	if !ok {
		return nil, fmt.Errorf("keystone's answer is a %T", p.GetAuthResult())
	}
	return loginOf(result)
}

// identity returns a client of Keystone at auth_url.
func (s *Session) identity() (*gophercloud.ProviderClient, error) {
	p, err := openstack.NewClient(s.o.Auth.AuthURL)
	if err != nil {
		return nil, err
	}
	p.HTTPClient = s.client
	p.UserAgent.Prepend(s.o.UserAgent)
	p.RetryFunc = s.retry
	return p, nil
}

// tokenResult is what gophercloud has of a token.
type tokenResult interface {
	ExtractToken() (*tokens.Token, error)
	ExtractProject() (*tokens.Project, error)
	ExtractServiceCatalog() (*tokens.ServiceCatalog, error)
}

func loginOf(result tokenResult) (*Login, error) {
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

// bearer adds an access token of the OAuth 2.0 endpoint to a login, which ends with it.
func (s *Session) bearer(ctx context.Context, l *Login, c *clientcredentials.Config) error {
	token, err := c.Token(ctx)
	if err != nil {
		return fmt.Errorf("no access token from %s: %w", c.TokenURL, err)
	}
	l.Authorization = "Bearer " + token.AccessToken
	if !token.Expiry.IsZero() && token.Expiry.Before(l.ExpiresAt) {
		l.ExpiresAt = token.Expiry
	}
	return nil
}

// describe asks Keystone what an access token that it has issued is good for.
func (s *Session) describe(ctx context.Context, authorization string) (*Login, error) {
	p, err := s.identity()
	if err != nil {
		return nil, err
	}
	_, token, _ := strings.Cut(authorization, " ")
	p.SetToken(token)
	c, err := openstack.NewIdentityV3(p, gophercloud.EndpointOpts{})
	if err != nil {
		return nil, err
	}
	l, err := loginOf(tokens.Get(ctx, c, token))
	if err != nil {
		return nil, err
	}
	l.Token, l.Authorization = token, authorization
	return l, nil
}

// federatedToken exchanges an access token of the identity provider for a token of Keystone without
// scope.
func (s *Session) federatedToken(ctx context.Context) (string, error) {
	access, err := s.accessToken(ctx)
	if err != nil {
		return "", err
	}
	at, err := s.federationURL()
	if err != nil {
		return "", err
	}
	with := http.Header{"Authorization": {"Bearer " + access}, "Accept": {"application/json"}}
	header, body, err := s.send(ctx, &s.client, http.MethodPost, at, with, "")
	if err != nil {
		return "", err
	}
	return unscoped(http.MethodPost, at, header, body)
}

// unscoped returns the token in an answer of federationURL.
func unscoped(method, at string, header http.Header, body []byte) (string, error) {
	token := header.Get("X-Subject-Token")
	if token == "" {
		return "", gophercloud.ErrUnexpectedResponseCode{URL: at, Method: method, Expected: []int{http.StatusCreated},
			Actual: http.StatusOK, Body: body, ResponseHeader: header}
	}
	return token, nil
}

// maxFault bounds the part of a refusal, in bytes, that goes to the log with an error.
const maxFault = 8 << 10

// send sends a request of a login, and returns the header and body of the answer. An answer of 400 or more is a
// gophercloud.ErrUnexpectedResponseCode, whose text has the begin of the body.
func (s *Session) send(
	ctx context.Context, client *http.Client, method, at string, header http.Header, body string,
) (http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(r.Header, header)
	r.Header.Set("User-Agent", s.UserAgent())
	resp, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return nil, nil, gophercloud.ErrUnexpectedResponseCode{URL: at, Method: method, Expected: []int{http.StatusOK},
			Actual: resp.StatusCode, Body: answer[:min(len(answer), maxFault)], ResponseHeader: resp.Header}
	}
	return resp.Header, answer, nil
}

// federationURL is where Keystone gives tokens to the users of the identity provider.
func (s *Session) federationURL() (string, error) {
	a := s.o.Auth
	base, err := IdentityV3(a.AuthURL)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%sOS-FEDERATION/identity_providers/%s/protocols/%s/auth", base, url.PathEscape(a.IdentityProvider),
		url.PathEscape(a.Protocol)), nil
}

// accessToken gets a token of the identity provider.
func (s *Session) accessToken(ctx context.Context) (string, error) {
	a := s.o.Auth
	if a.AuthType == "v3oidcaccesstoken" {
		return a.AccessToken, nil
	}
	at := a.AccessTokenEndpoint
	if at == "" {
		var err error
		if at, err = s.discovered(ctx); err != nil {
			return "", err
		}
	}
	style := oauth2.AuthStyleInHeader
	if a.ClientSecret == "" {
		style = oauth2.AuthStyleInParams
	}
	var token *oauth2.Token
	var err error
	scopes := strings.Fields(a.Scope)
	if a.AuthType == "v3oidcpassword" {
		c := &oauth2.Config{ClientID: a.ClientID, ClientSecret: a.ClientSecret, Scopes: scopes,
			Endpoint: oauth2.Endpoint{TokenURL: at, AuthStyle: style}}
		token, err = c.PasswordCredentialsToken(ctx, a.Username, a.Password)
	} else {
		c := &clientcredentials.Config{ClientID: a.ClientID, ClientSecret: a.ClientSecret, Scopes: scopes, TokenURL: at, AuthStyle: style}
		token, err = c.Token(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("no access token from %s: %w", at, err)
	}
	if a.AccessTokenType == "" || a.AccessTokenType == "access_token" {
		return token.AccessToken, nil
	}
	other, _ := token.Extra(a.AccessTokenType).(string)
	if other == "" {
		return "", fmt.Errorf("the answer of %s has no %s", at, a.AccessTokenType)
	}
	return other, nil
}

// discovered reads the URL of tokens from the document of OpenID Connect Discovery.
func (s *Session) discovered(ctx context.Context) (string, error) {
	at := s.o.Auth.DiscoveryEndpoint
	_, body, err := s.send(ctx, &s.client, http.MethodGet, at, http.Header{"Accept": {"application/json"}}, "")
	if err != nil {
		return "", err
	}
	var document struct {
		TokenEndpoint string `json:"token_endpoint"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		return "", fmt.Errorf("%s is no OpenID Connect Discovery document: %w", at, err)
	}
	if document.TokenEndpoint == "" {
		return "", errors.New(at + " names no token_endpoint")
	}
	return document.TokenEndpoint, nil
}

// authOptions converts keystoneauth's options to gophercloud's.
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
		return o // an application credential has its own scope
	case "v3oauth2clientcredential":
		o.ApplicationCredentialID, o.ApplicationCredentialSecret = a.OAuth2ClientID, a.OAuth2ClientSecret
		return o
	case "v3totp":
		o.Passcode = a.Passcode
		setUser(&o, a)
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
		scope.DomainID, scope.DomainName = domainOf(a, a.ProjectDomainID, a.ProjectDomainName)
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
	o.DomainID, o.DomainName = domainOf(a, a.UserDomainID, a.UserDomainName)
}

// domainOf returns the id if it is set, otherwise the name, otherwise the default domain's
// options.
func domainOf(a config.Auth, id, name string) (string, string) {
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
