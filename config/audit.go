package config

// Audit is the [audit_middleware_notifications] group of keystonemiddleware's
// audit filter.
type Audit struct {
	// UseOsloMessaging sends events as notifications rather than to the log.
	UseOsloMessaging bool `opt:"use_oslo_messaging" default:"true"`
	// Driver of these notifications; empty: the drivers of oslo_messaging_notifications.
	Driver string `opt:"driver"`
	// Topics of these notifications; nil: the topics of oslo_messaging_notifications.
	Topics []string `opt:"topics"`
	// TransportURL of these notifications; empty: the URL of oslo_messaging_notifications.
	TransportURL string `opt:"transport_url" secret:"true"`
}
