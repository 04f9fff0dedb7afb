package objects

// NetworkPlacement is what the interfaces of a server mean for where it can be.
type NetworkPlacement struct {
	Metadata  NetworkMetadata
	Resources []*RequestGroup     // of the ports that ask for some
	Level     *RequestLevelParams // nil: nothing is asked of all groups together
	// Grouped tells that Neutron lets ports ask for groups of resources; it is only
	// known where Resources has something.
	Grouped bool
	// RemoteManaged tells that a port is managed by another machine than its host's.
	RemoteManaged bool
}
