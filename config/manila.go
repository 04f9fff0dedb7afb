package config

// Manila is the [manila] group: how the service of shares is reached. Its
// share_apply_policy_timeout is nova-compute's.
type Manila struct {
	Session
	Adapter `defaults:"service_type=shared-file-system;valid_interfaces=internal,public"`
	Auth
}
