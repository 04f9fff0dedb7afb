package config

// Consoleauth is the [consoleauth] group: options of console tokens.
type Consoleauth struct {
	// TokenTTL in seconds of a console's token.
	TokenTTL int `opt:"token_ttl" default:"600" deprecated:"DEFAULT/console_token_ttl" min:"0"`
	// EnforceSessionTimeout ends a console session when its token expires.
	EnforceSessionTimeout bool `opt:"enforce_session_timeout" default:"false"`
}
