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
	// MemQueueSize is the number of events that SAP's audit middleware keeps while the broker is
	// unreachable; keystonemiddleware's does not read it.
	MemQueueSize int `opt:"mem_queue_size" default:"10000"`
}
