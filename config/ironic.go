package config

// Ironic is the [ironic] group: the connection to the bare metal service. The other options of
// the group belong to Nova's Ironic driver.
type Ironic struct {
	Session
	Adapter `defaults:"service_type=baremetal;valid_interfaces=internal,public"`
	Auth
}
