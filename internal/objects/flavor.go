package objects

import (
	"slices"
	"time"
)

// Flavor is a flavor with its extra specs and projects. Old rows may have no name and no description.
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
	Projects   []string // projects with access to a private flavor
}

// VisibleTo reports whether a project may use the flavor.
func (f *Flavor) VisibleTo(project string) bool {
	if f.IsPublic {
		return true
	}
	return slices.Contains(f.Projects, project)
}

// FlavorNotFound returns the error for a flavor that does not exist or is not visible.
func FlavorNotFound(id string) error {
	return ErrFlavorNotFound.Errorf(KindNotFound, "Flavor %s could not be found.", id)
}
