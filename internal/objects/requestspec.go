package objects

import "slices"

// RequestSpec is the request spec of a server: a row of request_specs, and the fields that a single request adds. Nil
// slices of hosts are null in RPC messages.
type RequestSpec struct {
	ID                int64 // of the row; 0 for a spec that must not be saved
	InstanceUUID      string
	ProjectID, UserID string
	Image             *ImageMeta // nil: unknown
	Flavor            *Flavor
	NUMATopology      *NUMATopology
	PCIRequests       *PCIRequests
	AvailabilityZone  *string // the server is pinned to it
	NumInstances      int64
	IgnoreHosts       []string
	ForceHosts        []string
	ForceNodes        []string
	Group             *ServerGroup
	Hints             map[string]any // lists of strings by name; old rows may contain a string
	Limits            SchedulerLimits
	SecurityGroups    []string // UUIDs, or "default"
	VolumeBacked      *bool    // is_bfv; nil in old rows

	// Fields of a single request, which are not stored.
	Destination     *Destination
	Resources       []*RequestGroup     // of ports and device profiles; nil: unknown
	LevelParams     *RequestLevelParams // nil: not set
	NetworkMetadata *NetworkMetadata
	Networks        *NetworkRequests

	// Made is true for a spec that this request created, and false for one that was loaded. Changes are the fields, by Nova's names,
	// that were set after loading, or that contain objects which were stored with changes.
	Made    bool
	Changes []string
}

// Change records that fields were set after the spec was loaded.
func (s *RequestSpec) Change(fields ...string) {
	for _, f := range fields {
		if !slices.Contains(s.Changes, f) {
			s.Changes = append(s.Changes, f)
		}
	}
}

// SchedulerLimits are the limits of claims on a host. The API leaves them null.
type SchedulerLimits struct{ VCPU, DiskGB, MemoryMB *int64 }

// Destination is the requested host of a migration, and its node if it is known.
type Destination struct {
	Host string // "": any
	// If HasNode is true and Node is "", RPC messages contain null.
	Node    string
	HasNode bool
	// CrossCell says whether the server may move to another cell; nil: not set.
	CrossCell *bool
}

// RequestGroup contains the resources and traits that one resource provider must have.
type RequestGroup struct {
	RequesterID     string
	Resources       map[string]int64
	RequiredTraits  []string
	ForbiddenTraits []string
}

// RequestLevelParams contains requirements over all request groups. If Empty is true, RPC messages contain the object
// without fields.
type RequestLevelParams struct {
	Empty       bool
	SameSubtree [][]string // ids of the groups whose providers must be in one subtree
}

// NetworkMetadata describes the networks of a server that its host must reach.
type NetworkMetadata struct {
	PhysicalNetworks []string
	Tunneled         bool
}
