package config

// Notifications is the [notifications] group: which notifications are sent, and in which
// format.
type Notifications struct {
	// NotifyOnStateChange is vm_state, vm_and_task_state or empty.
	NotifyOnStateChange string `opt:"notify_on_state_change" choices:"vm_state,vm_and_task_state" deprecated:"DEFAULT/notify_on_state_change"`
	// NotificationFormat is unversioned, versioned or both.
	NotificationFormat string `opt:"notification_format" default:"unversioned" choices:"both,versioned,unversioned" deprecated:"DEFAULT/notification_format"`
	// DefaultLevel of notifications.
	DefaultLevel string `opt:"default_level" default:"INFO" choices:"DEBUG,INFO,WARN,ERROR,CRITICAL" deprecated:"DEFAULT/default_notification_level"`
	// VersionedNotificationsTopics are their topics.
	VersionedNotificationsTopics []string `opt:"versioned_notifications_topics" default:"versioned_notifications"`
	// BDMsInNotifications adds block devices.
	BDMsInNotifications bool `opt:"bdms_in_notifications" default:"false"`
	// IncludeShareMapping adds shares.
	IncludeShareMapping bool `opt:"include_share_mapping" default:"false"`
}
