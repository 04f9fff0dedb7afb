package config

// Serial is the [serial_console] group, with the options that the API reads.
type Serial struct {
	// Enabled gives servers a serial console.
	Enabled bool `opt:"enabled" default:"false"`
	// BaseURL is the URL of the proxy for users.
	BaseURL string `opt:"base_url" default:"ws://127.0.0.1:6083/" type:"uri"`
}
