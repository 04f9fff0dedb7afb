package config

// Cyborg is the [cyborg] group: how the service of accelerators is reached, in the
// name of callers.
type Cyborg struct {
	Session
	Adapter `defaults:"service_type=accelerator;valid_interfaces=internal,public"`
}
