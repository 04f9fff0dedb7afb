package config

// Keystone is the [keystone] group: the connection for lookups of projects and unified limits.
type Keystone struct {
	Session
	Adapter `defaults:"service_type=identity;valid_interfaces=internal,public"`
	Auth
}
