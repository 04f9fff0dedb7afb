package config

// VNC is the [vnc] group, with the options that the API reads.
type VNC struct {
	// Enabled gives servers a VNC console.
	Enabled bool `opt:"enabled" default:"true" deprecated:"DEFAULT/vnc_enabled"`
	// ServerListen is the address on which computes listen.
	ServerListen string `opt:"server_listen" default:"127.0.0.1" type:"host"`
	// ServerProxyclientAddress is the address proxies connect to.
	ServerProxyclientAddress string `opt:"server_proxyclient_address" default:"127.0.0.1" type:"host"`
	// NoVNCProxyBaseURL is the URL of the proxy for users.
	NoVNCProxyBaseURL string `opt:"novncproxy_base_url" default:"http://127.0.0.1:6080/vnc_auto.html" type:"uri" deprecated:"DEFAULT/novncproxy_base_url"`
}
