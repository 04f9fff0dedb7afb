package config

// Session has keystoneauth's options of an HTTP session.
type Session struct {
	// CAFile is a PEM file of certificate authorities; empty: the system's.
	CAFile string `opt:"cafile"`
	// CertFile is a PEM file with the client's certificate.
	CertFile string `opt:"certfile"`
	// KeyFile is a PEM file with the client's key.
	KeyFile string `opt:"keyfile"`
	// Insecure switches off the check of server certificates.
	Insecure bool `opt:"insecure" default:"false"`
	// Timeout of a request in seconds; nil: none.
	Timeout *float64 `opt:"timeout"`
	// TLSMinVersion is "1.2" or "1.3"; empty: the library's choice.
	TLSMinVersion string `opt:"tls_min_version" choices:"1.2,1.3"`
	// TLSCiphers is an OpenSSL cipher list.
	TLSCiphers string `opt:"tls_ciphers"`
	// CollectTiming keeps the duration of each call.
	CollectTiming bool `opt:"collect_timing" default:"false"`
	// SplitLoggers logs requests and bodies to different loggers.
	SplitLoggers bool `opt:"split_loggers" default:"false"`
}

// Adapter has keystoneauth's options for the lookup of a service in the catalog and for
// repeated requests.
type Adapter struct {
	// ServiceType in the catalog.
	ServiceType string `opt:"service_type"`
	// ServiceName in the catalog; empty: any.
	ServiceName string `opt:"service_name"`
	// ValidInterfaces in order of preference.
	ValidInterfaces []string `opt:"valid_interfaces"`
	// RegionName of the endpoint.
	RegionName string `opt:"region_name"`
	// EndpointOverride replaces the catalog's endpoint; it may hold
	// %(project_id)s.
	EndpointOverride string `opt:"endpoint_override"`
	// ConnectRetries after a failed connection; nil: the caller's default.
	ConnectRetries *int `opt:"connect_retries"`
	// ConnectRetryDelay in seconds; nil: exponential from 0.5.
	ConnectRetryDelay *float64 `opt:"connect_retry_delay"`
	// StatusCodeRetries after a status of RetriableStatusCodes.
	StatusCodeRetries *int `opt:"status_code_retries"`
	// StatusCodeRetryDelay in seconds; nil: exponential from 0.5.
	StatusCodeRetryDelay *float64 `opt:"status_code_retry_delay"`
	// RetriableStatusCodes are the statuses after which a request is repeated; nil: 503.
	RetriableStatusCodes []int `opt:"retriable_status_codes"`
}

// AdapterVersions choose the version of a service's API. Nova ignores these options in its own
// groups, because its code fixes the versions; only [oslo_limit] uses them.
type AdapterVersions struct {
	// Version of the API, exactly.
	Version string `opt:"version"`
	// MinVersion of the API; not together with Version.
	MinVersion string `opt:"min_version"`
	// MaxVersion of the API; not together with Version.
	MaxVersion string `opt:"max_version"`
}

// Auth has the options of keystoneauth's plugins, with which a service authenticates. AuthType
// determines which of them are used. Config.Auth follows AuthSection.
type Auth struct {
	// AuthType is the plugin: password, v3password, token,
	// v3applicationcredential, v3oidcpassword, none, ...
	AuthType string `opt:"auth_type" deprecated:"/auth_plugin"`
	// AuthSection is the group to read AuthType and all below from.
	AuthSection string `opt:"auth_section"`
	// AuthURL is Keystone's URL, with or without version.
	AuthURL string `opt:"auth_url"`
	// Username of the service.
	Username string `opt:"username" deprecated:"/user-name,/user_name"`
	// UserID of the service, instead of Username.
	UserID string `opt:"user_id"`
	// Password of the user.
	Password string `opt:"password" secret:"true"`
	// UserDomainID of Username.
	UserDomainID string `opt:"user_domain_id"`
	// UserDomainName of Username.
	UserDomainName string `opt:"user_domain_name"`
	// ProjectID to scope to.
	ProjectID string `opt:"project_id" deprecated:"/tenant-id,/tenant_id"`
	// ProjectName to scope to.
	ProjectName string `opt:"project_name" deprecated:"/tenant-name,/tenant_name"`
	// ProjectDomainID of ProjectName.
	ProjectDomainID string `opt:"project_domain_id"`
	// ProjectDomainName of ProjectName.
	ProjectDomainName string `opt:"project_domain_name"`
	// DomainID to scope to, instead of a project.
	DomainID string `opt:"domain_id"`
	// DomainName to scope to, instead of a project.
	DomainName string `opt:"domain_name"`
	// DefaultDomainID is the default of UserDomainID and ProjectDomainID.
	DefaultDomainID string `opt:"default_domain_id"`
	// DefaultDomainName is the default of UserDomainName and ProjectDomainName.
	DefaultDomainName string `opt:"default_domain_name"`
	// SystemScope is "all" for a system-scoped token.
	SystemScope string `opt:"system_scope"`
	// TrustID to scope to.
	TrustID string `opt:"trust_id"`
	// Token of the token plugins.
	Token string `opt:"token" secret:"true"`
	// Endpoint of the plugins none, noauth, http_basic and admin_token.
	Endpoint string `opt:"endpoint" deprecated:"/url"`
	// ApplicationCredentialID of v3applicationcredential.
	ApplicationCredentialID string `opt:"application_credential_id"`
	// ApplicationCredentialName, with the user's name, instead of the id.
	ApplicationCredentialName string `opt:"application_credential_name"`
	// ApplicationCredentialSecret of v3applicationcredential.
	ApplicationCredentialSecret string `opt:"application_credential_secret" secret:"true"`
	// Passcode of v3totp.
	Passcode string `opt:"passcode" secret:"true"`
	// IdentityProvider of the OpenID Connect plugins and of v3adfspassword, as Keystone calls it.
	IdentityProvider string `opt:"identity_provider"`
	// Protocol of IdentityProvider in Keystone.
	Protocol string `opt:"protocol"`
	// IdentityProviderURL is the URL at which AD FS issues tokens (v3adfspassword).
	IdentityProviderURL string `opt:"identity_provider_url"`
	// ServiceProviderEndpoint is the URL at which the service provider in front of Keystone takes the
	// tokens of AD FS.
	ServiceProviderEndpoint string `opt:"service_provider_endpoint"`
	// ServiceProviderEntityID is what AD FS calls the service provider.
	ServiceProviderEntityID string `opt:"service_provider_entity_id"`
	// ClientID of the OpenID Connect plugins.
	ClientID string `opt:"client_id"`
	// ClientSecret of ClientID; "": the client is public.
	ClientSecret string `opt:"client_secret" secret:"true"`
	// Scope that is requested from the identity provider, such as "openid profile".
	Scope string `opt:"scope"`
	// AccessTokenEndpoint is the URL of the identity provider's tokens.
	AccessTokenEndpoint string `opt:"access_token_endpoint"`
	// DiscoveryEndpoint is the URL of the document that names the URL of tokens.
	DiscoveryEndpoint string `opt:"discovery_endpoint"`
	// AccessTokenType is the member of the identity provider's answer that Keystone gets: access_token,
	// the default, or id_token.
	AccessTokenType string `opt:"access_token_type"`
	// AccessToken of v3oidcaccesstoken.
	AccessToken string `opt:"access_token" secret:"true"`
	// OAuth2Endpoint is the URL of the tokens of the OAuth 2.0 plugins.
	OAuth2Endpoint string `opt:"oauth2_endpoint"`
	// OAuth2ClientID of the OAuth 2.0 plugins.
	OAuth2ClientID string `opt:"oauth2_client_id"`
	// OAuth2ClientSecret of v3oauth2clientcredential.
	OAuth2ClientSecret string `opt:"oauth2_client_secret" secret:"true"`
}
