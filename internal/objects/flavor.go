package objects

import (
	"slices"
	"time"
)

// Flavor is a size of server. Name and description may be absent in old rows.
type Flavor struct {
	ID          int64 // of the row
	FlavorID    string
	Name        string
	MemoryMB    int64
	VCPUs       int64
	RootGB      int64
	EphemeralGB int64
	Swap        int64
	RxtxFactor  float64
	VCPUWeight  int64
	Disabled    bool
	IsPublic    bool
	Description *string
	CreatedAt   *time.Time
	UpdatedAt   *time.Time

	ExtraSpecs map[string]string
	Projects   []string // that a private flavor is open to
}

// VisibleTo tells whether a project may use the flavor.
func (f *Flavor) VisibleTo(project string) bool {
	if f.IsPublic {
		return true
	}
	return slices.Contains(f.Projects, project)
}

// FlavorNotFound is the error for an id that no visible flavor has.
func FlavorNotFound(id string) error {
	return ErrFlavorNotFound.Errorf(KindNotFound, "Flavor %s could not be found.", id)
}

// Versioned is the flavor as it crosses the RPC.
func (f *Flavor) Versioned() *Versioned {
	specs := f.ExtraSpecs
	if specs == nil {
		specs = map[string]string{}
	}
	return NewVersioned("Flavor", "1.2", map[string]any{"id": f.ID, "name": f.Name, "memory_mb": f.MemoryMB, "vcpus": f.VCPUs, "root_gb": f.RootGB,
		"ephemeral_gb": f.EphemeralGB, "flavorid": f.FlavorID, "swap": f.Swap, "rxtx_factor": Float(f.RxtxFactor), "vcpu_weight": f.VCPUWeight, "disabled": f.Disabled,
		"is_public": f.IsPublic, "extra_specs": specs, "description": f.Description, "created_at": f.CreatedAt, "updated_at": f.UpdatedAt,
		"deleted_at": nil, "deleted": false})
}
