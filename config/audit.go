package config

// Audit is the [audit_middleware_notifications] group of keystonemiddleware's
// audit filter.
type Audit struct {
	// UseOsloMessaging sends events as notifications rather than to the log.
	UseOsloMessaging bool `opt:"use_oslo_messaging" default:"true"`
	// Driver of these notifications; empty: as oslo_messaging_notifications
	// says.
	Driver string `opt:"driver"`
	// Topics of these notifications; nil: as oslo_messaging_notifications says.
	Topics []string `opt:"topics"`
	// TransportURL of these notifications; empty: as
	// oslo_messaging_notifications says.
	TransportURL string `opt:"transport_url" secret:"true"`
}
