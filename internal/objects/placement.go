package objects

// NetworkPlacement is what the interfaces of a server mean for where it can be:
// objects for its request spec.
type NetworkPlacement struct {
	Metadata  *Versioned   // NetworkMetadata
	Resources []*Versioned // RequestGroup, of the ports that ask for some
	Level     *Versioned   // RequestLevelParams, or nil
}
