package config

// Placement is the [placement] group: the connection to Placement.
type Placement struct {
	Session
	Adapter `defaults:"service_type=placement;valid_interfaces=internal,public"`
	Auth
}
