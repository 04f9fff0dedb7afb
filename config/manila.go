package config

// Manila is the [manila] group: the connection to the shared file system service. Only
// nova-compute uses its option share_apply_policy_timeout.
type Manila struct {
	Session
	Adapter `defaults:"service_type=shared-file-system;valid_interfaces=internal,public"`
	Auth
}
