package config

// KeystoneAuthtoken is the [keystone_authtoken] group of keystonemiddleware's
// auth_token.
type KeystoneAuthtoken struct {
	Auth

	// WWWAuthenticateURI is the public Keystone URL of 401 answers.
	WWWAuthenticateURI string `opt:"www_authenticate_uri"`
	// AuthVersion of Keystone's API; empty: what it offers.
	AuthVersion string `opt:"auth_version"`
	// Interface of Keystone's catalog entry.
	Interface string `opt:"interface" default:"internal"`
	// DelayAuthDecision lets requests without a valid token through.
	DelayAuthDecision bool `opt:"delay_auth_decision" default:"false"`
	// HTTPConnectTimeout in seconds; nil: none.
	HTTPConnectTimeout *int `opt:"http_connect_timeout"`
	// HTTPRequestMaxRetries of a call of Keystone.
	HTTPRequestMaxRetries int `opt:"http_request_max_retries" default:"3"`
	// Cache is the key of a cache in the WSGI environment.
	Cache string `opt:"cache"`
	// CertFile is the client's certificate.
	CertFile string `opt:"certfile"`
	// KeyFile is the client's key.
	KeyFile string `opt:"keyfile"`
	// CAFile is the authority's PEM file.
	CAFile string `opt:"cafile"`
	// Insecure switches off the check of Keystone's certificate.
	Insecure bool `opt:"insecure" default:"false"`
	// RegionName of Keystone's catalog entry.
	RegionName string `opt:"region_name"`
	// ServiceType that access rules must name.
	ServiceType string `opt:"service_type"`
	// MemcachedServers that keep checked tokens; nil: memory of the process.
	MemcachedServers []string `opt:"memcached_servers" deprecated:"/memcache_servers"`
	// TokenCacheTime in seconds; -1: no cache.
	TokenCacheTime int `opt:"token_cache_time" default:"300"`
	// MemcacheSecurityStrategy is None, MAC or ENCRYPT.
	MemcacheSecurityStrategy string `opt:"memcache_security_strategy" default:"None" choices:"None,MAC,ENCRYPT" fold:"true"`
	// MemcacheSecretKey of that.
	MemcacheSecretKey string `opt:"memcache_secret_key" secret:"true"`
	// MemcachePoolDeadRetry in seconds before a dead server is tried again.
	MemcachePoolDeadRetry int `opt:"memcache_pool_dead_retry" default:"300"`
	// MemcachePoolMaxsize of connections to each server.
	MemcachePoolMaxsize int `opt:"memcache_pool_maxsize" default:"10"`
	// MemcachePoolSocketTimeout in seconds.
	MemcachePoolSocketTimeout int `opt:"memcache_pool_socket_timeout" default:"3"`
	// MemcachePoolUnusedTimeout in seconds of an idle connection.
	MemcachePoolUnusedTimeout int `opt:"memcache_pool_unused_timeout" default:"60"`
	// MemcachePoolConnGetTimeout in seconds.
	MemcachePoolConnGetTimeout int `opt:"memcache_pool_conn_get_timeout" default:"10"`
	// MemcacheUseAdvancedPool uses Python's own pool.
	MemcacheUseAdvancedPool bool `opt:"memcache_use_advanced_pool" default:"true"`
	// MemcacheSASLEnabled authenticates with MemcacheUsername and MemcachePassword.
	MemcacheSASLEnabled bool `opt:"memcache_sasl_enabled" default:"false"`
	// MemcacheUsername of SASL.
	MemcacheUsername string `opt:"memcache_username"`
	// MemcachePassword of SASL.
	MemcachePassword string `opt:"memcache_password" secret:"true"`
	// MemcacheTLSEnabled connects with TLS.
	MemcacheTLSEnabled bool `opt:"memcache_tls_enabled" default:"false"`
	// MemcacheTLSCAFile is the authority's PEM file.
	MemcacheTLSCAFile string `opt:"memcache_tls_cafile"`
	// MemcacheTLSCertFile is the client's certificate.
	MemcacheTLSCertFile string `opt:"memcache_tls_certfile"`
	// MemcacheTLSKeyFile is the client's key.
	MemcacheTLSKeyFile string `opt:"memcache_tls_keyfile"`
	// MemcacheTLSAllowedCiphers is an OpenSSL cipher list.
	MemcacheTLSAllowedCiphers string `opt:"memcache_tls_allowed_ciphers"`
	// IncludeServiceCatalog puts the catalog into the request.
	IncludeServiceCatalog bool `opt:"include_service_catalog" default:"true"`
	// EnforceTokenBind is disabled, permissive, strict, required or a bind
	// method.
	EnforceTokenBind string `opt:"enforce_token_bind" default:"permissive"`
	// ServiceTokenRoles of which a service token needs one.
	ServiceTokenRoles []string `opt:"service_token_roles" default:"service"`
	// ServiceTokenRolesRequired refuses service tokens without such a role.
	ServiceTokenRolesRequired bool `opt:"service_token_roles_required" default:"true"`
}
