package config

// SPICE is the [spice] group, with the options that the API reads.
type SPICE struct {
	// Enabled gives servers a SPICE console.
	Enabled bool `opt:"enabled" default:"false"`
	// AgentEnabled in the guest.
	AgentEnabled bool `opt:"agent_enabled" default:"true"`
	// HTML5ProxyBaseURL is the URL of the proxy for users.
	HTML5ProxyBaseURL string `opt:"html5proxy_base_url" default:"http://127.0.0.1:6082/spice_auto.html" type:"uri"`
	// SPICEDirectProxyBaseURL of spice-direct consoles.
	SPICEDirectProxyBaseURL string `opt:"spice_direct_proxy_base_url" default:"http://127.0.0.1:13002/nova" type:"uri"`
	// RequireSecure allows only TLS.
	RequireSecure bool `opt:"require_secure" default:"false"`
}
