package config

// Keystone is the [keystone] group: how projects are looked up and unified
// limits read.
type Keystone struct {
	Session
	Adapter `defaults:"service_type=identity;valid_interfaces=internal,public"`
	Auth
}
