package config

// Placement is the [placement] group: how Placement is reached.
type Placement struct {
	Session
	Adapter `defaults:"service_type=placement;valid_interfaces=internal,public"`
	Auth
}
