package config

// Neutron is the [neutron] group: the connection to the network service, and the shared secret
// of its metadata proxy.
type Neutron struct {
	Session
	Adapter `defaults:"service_type=network;valid_interfaces=internal,public"`
	Auth

	// ServiceMetadataProxy accepts metadata requests from Neutron's proxy.
	ServiceMetadataProxy bool `opt:"service_metadata_proxy" default:"false"`
	// MetadataProxySharedSecret signs the proxy's headers.
	MetadataProxySharedSecret string `opt:"metadata_proxy_shared_secret" default:"" secret:"true"`
	// OVSBridge is the integration bridge.
	OVSBridge string `opt:"ovs_bridge" default:"br-int"`
	// DefaultFloatingPool of floating addresses.
	DefaultFloatingPool string `opt:"default_floating_pool" default:"nova"`
	// ExtensionSyncInterval in seconds between reads of Neutron's extensions.
	ExtensionSyncInterval int `opt:"extension_sync_interval" default:"600" min:"0"`
	// Physnets that have a group of their own.
	Physnets []string `opt:"physnets" default:""`
	// HTTPRetries of a failed call.
	HTTPRetries int `opt:"http_retries" default:"3" min:"0"`
}
