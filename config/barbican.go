package config

// KeyManager is the [key_manager] group of Castellan.
type KeyManager struct {
	// Backend is the driver of Castellan. The services have "barbican".
	Backend string `opt:"backend" default:"barbican" deprecated:"/api_class"`
}

// Barbican is the [barbican] group of Castellan. Requests have the caller's token.
type Barbican struct {
	// BarbicanEndpoint is the URL without version; empty: that of the caller's catalog.
	BarbicanEndpoint string `opt:"barbican_endpoint"`
	// BarbicanAPIVersion of the URL; empty: v1, the only one.
	BarbicanAPIVersion string `opt:"barbican_api_version"`
	// BarbicanEndpointType is the interface in the catalog.
	BarbicanEndpointType string `opt:"barbican_endpoint_type" default:"public" choices:"public,internal,admin"`
	// BarbicanRegionName is the region in the catalog; empty: any.
	BarbicanRegionName string `opt:"barbican_region_name"`
	// RetryDelay in seconds between two looks at an order.
	RetryDelay int `opt:"retry_delay" default:"1"`
	// NumberOfRetries of looks at an order.
	NumberOfRetries int `opt:"number_of_retries" default:"60"`
	// VerifySSL verifies the server's certificate.
	VerifySSL bool `opt:"verify_ssl" default:"true"`
	// VerifySSLPath is a PEM file of certificate authorities; empty: the system's.
	VerifySSLPath string `opt:"verify_ssl_path"`
	// SendServiceUserToken adds the token of [barbican_service_user].
	SendServiceUserToken bool `opt:"send_service_user_token" default:"false"`
}

// BarbicanServiceUser is the [barbican_service_user] group: the service token of requests to Barbican.
type BarbicanServiceUser struct {
	Session
	Auth
}
