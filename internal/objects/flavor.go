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
	VCPUWeight  *int64
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
