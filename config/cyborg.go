package config

// Cyborg is the [cyborg] group: the connection to the accelerator service, with the tokens of
// callers.
type Cyborg struct {
	Session
	Adapter `defaults:"service_type=accelerator;valid_interfaces=internal,public"`
}
