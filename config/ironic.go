package config

// Ironic is the [ironic] group: how the service of bare machines is reached. What
// else Nova has in it is its driver's.
type Ironic struct {
	Session
	Adapter `defaults:"service_type=baremetal;valid_interfaces=internal,public"`
	Auth
}
