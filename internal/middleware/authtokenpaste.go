package middleware

import (
	"cmp"
	"fmt"
	"net/http"
	"sync"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/internal/rest"
	"github.com/nova-go/nova/paste"
)

// authTokens returns auth_token's factory. Pipelines with the same configuration share one
// filter, with its cache and its Keystone session.
func (d Deps) authTokens() paste.Filter {
	var mu sync.Mutex
	made := map[string]func(http.Handler) http.Handler{}
	return func(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
		mu.Lock()
		defer mu.Unlock()
		key := fmt.Sprint(global, local) // fmt prints maps in key order
		if f, ok := made[key]; ok {
			return f, nil
		}
		f, err := d.authToken(global, local)
		if err == nil {
			made[key] = f
		}
		return f, err
	}
}

// authToken builds auth_token from [keystone_authtoken] and the overrides of the paste section.
// It ignores obsolete options of old paste files.
func (d Deps) authToken(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
	c := d.Config.KeystoneAuthtoken
	p := filter.Options{Global: global, Local: local}
	section := c.AuthSection
	p.String("auth_section", &section)
	if section == "" {
		section = "keystone_authtoken"
	}
	auth, err := d.Config.Auth(section)
	if err != nil {
		return nil, err
	}
	c.Auth = auth
	for option, into := range map[string]*string{
		"www_authenticate_uri": &c.WWWAuthenticateURI, "interface": &c.Interface, "region_name": &c.RegionName, "service_type": &c.ServiceType,
		"certfile": &c.CertFile, "keyfile": &c.KeyFile, "cafile": &c.CAFile, "enforce_token_bind": &c.EnforceTokenBind,
		"memcache_security_strategy": &c.MemcacheSecurityStrategy, "memcache_secret_key": &c.MemcacheSecretKey,
		"auth_type": &c.AuthType, "auth_url": &c.AuthURL, "username": &c.Username, "user_id": &c.UserID, "password": &c.Password,
		"user_domain_id": &c.UserDomainID, "user_domain_name": &c.UserDomainName, "project_id": &c.ProjectID, "project_name": &c.ProjectName,
		"project_domain_id": &c.ProjectDomainID, "project_domain_name": &c.ProjectDomainName, "system_scope": &c.SystemScope,
		"domain_id": &c.DomainID, "domain_name": &c.DomainName, "default_domain_id": &c.DefaultDomainID,
		"default_domain_name": &c.DefaultDomainName,
		"trust_id":            &c.TrustID, "token": &c.Token, "endpoint": &c.Endpoint,
		"application_credential_id": &c.ApplicationCredentialID, "application_credential_name": &c.ApplicationCredentialName,
		"application_credential_secret": &c.ApplicationCredentialSecret,
	} {
		p.String(option, into)
	}
	p.Boolean("delay_auth_decision", &c.DelayAuthDecision)
	p.Boolean("insecure", &c.Insecure)
	p.Boolean("include_service_catalog", &c.IncludeServiceCatalog)
	p.Boolean("service_token_roles_required", &c.ServiceTokenRolesRequired)
	p.Number("token_cache_time", &c.TokenCacheTime)
	p.Number("http_request_max_retries", &c.HTTPRequestMaxRetries)
	p.List("service_token_roles", &c.ServiceTokenRoles)
	p.List("memcached_servers", &c.MemcachedServers)
	p.OptionalNumber("http_connect_timeout", &c.HTTPConnectTimeout)
	if p.Err != nil {
		return nil, p.Err
	}

	session, err := d.tokenSession(section, c)
	if err != nil {
		return nil, err
	}
	logger := log.Named(d.Log, "keystonemiddleware.auth_token")
	shared, err := NewMemcached(c, logger)
	if err != nil {
		return nil, err
	}
	return AuthToken(AuthTokenOptions{Config: c, Checker: NewTokenChecker(session, c, logger), Shared: shared, Log: d.Log,
		Metrics: d.Metrics}), nil
}

// tokenSession returns the session with which tokens are verified. section is the group of its
// credentials.
func (d Deps) tokenSession(section string, c config.KeystoneAuthtoken) (*rest.Session, error) {
	o := rest.Options{
		Group: section, Auth: c.Auth, Transport: d.Transport, Metrics: d.Metrics, Traces: d.Traces,
		UserAgent: "nova-api keystonemiddleware.auth_token",
		Session:   config.Session{CAFile: c.CAFile, CertFile: c.CertFile, KeyFile: c.KeyFile, Insecure: c.Insecure},
		Adapter:   identityAdapter(c),
	}
	o.Adapter.ConnectRetries = &c.HTTPRequestMaxRetries
	if c.HTTPConnectTimeout != nil {
		seconds := float64(*c.HTTPConnectTimeout)
		o.Session.Timeout = &seconds
	}
	return rest.New(o)
}

// identityAdapter describes the endpoint at which tokens are verified. Without one in the catalog it
// is auth_url.
func identityAdapter(c config.KeystoneAuthtoken) config.Adapter {
	return config.Adapter{ServiceType: "identity", ValidInterfaces: []string{c.Interface}, RegionName: c.RegionName}
}

// TokenSession returns the session of [keystone_authtoken], for checks of the configuration.
func TokenSession(c *config.Config) (*rest.Session, error) {
	section := cmp.Or(c.KeystoneAuthtoken.AuthSection, "keystone_authtoken")
	own := c.KeystoneAuthtoken
	var err error
	if own.Auth, err = c.Auth(section); err != nil {
		return nil, fmt.Errorf("[%s]: %w", section, err)
	}
	return Deps{}.tokenSession(section, own)
}
