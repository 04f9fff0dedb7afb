package objects

// NetworkPlacement is what the interfaces of a server mean for where it can be:
// objects for its request spec.
type NetworkPlacement struct {
	Metadata  *Versioned   // NetworkMetadata
	Resources []*Versioned // RequestGroup, of the ports that ask for some
	Level     *Versioned   // RequestLevelParams, or nil
	// Grouped tells that Neutron lets ports ask for groups of resources; it is only
	// known where Resources has something.
	Grouped bool
	// RemoteManaged tells that a port is managed by another machine than its host's.
	RemoteManaged bool
}
