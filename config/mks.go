package config

// MKS is the [mks] group.
type MKS struct {
	// Enabled gives servers an MKS console.
	Enabled bool `opt:"enabled" default:"false"`
	// MKSProxyBaseURL is the URL of the proxy for users.
	MKSProxyBaseURL string `opt:"mksproxy_base_url" default:"http://127.0.0.1:6090/" type:"uri" schemes:"http,https"`
}
