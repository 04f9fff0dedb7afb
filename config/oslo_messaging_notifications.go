package config

// OsloMessagingNotifications is the [oslo_messaging_notifications] group: the transport of
// notifications.
type OsloMessagingNotifications struct {
	// Driver are messagingv2, messaging, log, noop, routing, test.
	Driver []string `opt:"driver" default:"" multi:"true"`
	// TransportURL of notifications; empty: that of RPC.
	TransportURL string `opt:"transport_url" secret:"true"`
	// Topics of notifications.
	Topics []string `opt:"topics" default:"notifications"`
	// Retry of a notification; -1: for ever; 0: none.
	Retry int `opt:"retry" default:"-1"`
}
