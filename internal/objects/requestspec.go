package objects

import "slices"

// RequestSpec is what a server was asked to be, as the scheduler reads it: a row of
// request_specs, and what one request adds to it. Nil slices of hosts are null.
type RequestSpec struct {
	ID                int64 // of the row; 0 where it must not be saved
	InstanceUUID      string
	ProjectID, UserID string
	Image             *ImageMeta // nil: none is known
	Flavor            *Flavor
	NUMATopology      *NUMATopology
	PCIRequests       *PCIRequests
	AvailabilityZone  *string // that the server is pinned to
	NumInstances      int64
	IgnoreHosts       []string
	ForceHosts        []string
	ForceNodes        []string
	Group             *ServerGroup
	Hints             map[string]any // lists of strings by name; old rows may hold a string
	Limits            SchedulerLimits
	SecurityGroups    []string // UUIDs, or "default"
	VolumeBacked      *bool    // is_bfv; nil in old rows

	// Of one request: not stored.
	Destination     *Destination
	Resources       []*RequestGroup     // of ports and device profiles; nil: none known
	LevelParams     *RequestLevelParams // nil: not set
	NetworkMetadata *NetworkMetadata
	Networks        *NetworkRequests

	// Made tells that the spec was made for this request, not loaded. Changes are the
	// fields, by Nova's names, that were set since it was loaded, or that hold objects
	// which were stored as changed.
	Made    bool
	Changes []string
}

// Change notes that fields were set since the spec was loaded.
func (s *RequestSpec) Change(fields ...string) {
	for _, f := range fields {
		if !slices.Contains(s.Changes, f) {
			s.Changes = append(s.Changes, f)
		}
	}
}

// SchedulerLimits are what claims on a host may not exceed; the API leaves them null.
type SchedulerLimits struct{ VCPU, DiskGB, MemoryMB *int64 }

// Destination is where a server is to go: a host and its node, as far as they are
// known.
type Destination struct {
	Host string // "": any
	// Node is sent as null where HasNode is set and it is "".
	Node    string
	HasNode bool
	// CrossCell tells whether the server may leave its cell; nil: not said.
	CrossCell *bool
}

// RequestGroup is what one resource provider must have.
type RequestGroup struct {
	RequesterID     string
	Resources       map[string]int64
	RequiredTraits  []string
	ForbiddenTraits []string
}

// RequestLevelParams are what all providers of a request together must satisfy.
// Empty ones are sent without fields.
type RequestLevelParams struct {
	Empty       bool
	SameSubtree [][]string // ids of groups that one tree must satisfy
}

// NetworkMetadata is what the networks of a server need of its host.
type NetworkMetadata struct {
	PhysicalNetworks []string
	Tunneled         bool
}
