package config

// Serial is the [serial_console] group, as far as the API looks at it.
type Serial struct {
	// Enabled gives servers a serial console.
	Enabled bool `opt:"enabled" default:"false"`
	// BaseURL is where users find the proxy.
	BaseURL string `opt:"base_url" default:"ws://127.0.0.1:6083/" type:"uri"`
}
