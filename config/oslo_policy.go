package config

// OsloPolicy is the [oslo_policy] group.
type OsloPolicy struct {
	// EnforceNewDefaults drops the deprecated alternatives of rules.
	EnforceNewDefaults bool `opt:"enforce_new_defaults" default:"true"`
	// EnforceScope refuses tokens of the wrong scope. Since 2026.2 they are always refused.
	EnforceScope bool `opt:"enforce_scope" default:"true" removal:"true"`
	// PolicyFile is the operator's policy file, looked for in the configuration
	// directories.
	PolicyFile string `opt:"policy_file" default:"policy.yaml"`
	// PolicyDefaultRule is the rule that replaces unknown rules.
	PolicyDefaultRule string `opt:"policy_default_rule" default:"default"`
	// PolicyDirs are directories of further policy files.
	PolicyDirs []string `opt:"policy_dirs" default:"policy.d" multi:"true"`
	// RemoteContentType of http: checks.
	RemoteContentType string `opt:"remote_content_type" default:"application/x-www-form-urlencoded" choices:"application/x-www-form-urlencoded,application/json"`
	// RemoteSSLVerifyServerCrt checks the server's certificate.
	RemoteSSLVerifyServerCrt bool `opt:"remote_ssl_verify_server_crt" default:"false"`
	// RemoteSSLCACrtFile is the authority's PEM file.
	RemoteSSLCACrtFile string `opt:"remote_ssl_ca_crt_file"`
	// RemoteSSLClientCrtFile is the client's certificate.
	RemoteSSLClientCrtFile string `opt:"remote_ssl_client_crt_file"`
	// RemoteSSLClientKeyFile is the client's key.
	RemoteSSLClientKeyFile string `opt:"remote_ssl_client_key_file"`
	// RemoteTimeout in seconds.
	RemoteTimeout float64 `opt:"remote_timeout" default:"60" min:"0"`
}
