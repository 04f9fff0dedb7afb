package objects

// NetworkPlacement describes what the interfaces of a server require of its host.
type NetworkPlacement struct {
	Metadata  NetworkMetadata
	Resources []*RequestGroup     // of the ports with a resource request
	Level     *RequestLevelParams // nil: no requirements over all groups
	// Grouped reports whether Neutron has the extension port-resource-request-groups. It is set only if Resources is not empty.
	Grouped bool
	// RemoteManaged reports whether one of the ports is remote-managed: its VNIC is controlled by a SmartNIC.
	RemoteManaged bool
}
