// Package release describes the differences between releases of Nova. An application gets a *Release when it is loaded,
// and code that depends on the release reads that value, so that several releases can be served in one process.
package release

import "slices"

// Release is a release of Nova.
type Release struct {
	ID   string // "2026.2"
	Name string // "Hibiscus"
	Nova int    // major version: 34
	// Version is the newest version of the series that was compared with this program.
	Version string

	// Service is the value of services.version for the processes of the release.
	Service int64
	// OldestCompute is the lowest services.version of nova-computes that the API of the release supports, and OldestComputeName the
	// name of the release with that version.
	OldestCompute     int64
	OldestComputeName string
	// MainHead is the value of alembic_version in the cell databases.
	MainHead string
	// Newest is the minor number of the newest microversion.
	Newest int
	// Objects are the versions of versioned objects that differ from those of the newest known release.
	Objects map[string]string
	// Served reports whether this program can serve the release.
	Served bool
}

// String returns the number and the name: "2026.2 Hibiscus".
func (r *Release) String() string { return r.ID + " " + r.Name }

// Since reports whether the release has the major version nova or a later one.
func (r *Release) Since(nova int) bool { return r.Nova >= nova }

// All returns the known releases, oldest first.
func All() []*Release {
	return []*Release{
		{ID: "2024.1", Name: "Caracal", Nova: 29, Version: "29.4.0", Service: 67, OldestCompute: 66, OldestComputeName: "Antelope",
			MainHead: "13863f4e1612", Newest: 96,
			Objects: map[string]string{"ImageMetaProps": "1.37", "ShareMapping": "1.0", "InstanceActionPayload": "1.8",
				"InstanceUpdatePayload": "2.0"}},
		{ID: "2024.2", Name: "Dalmatian", Nova: 30, Version: "30.3.0", Service: 67, OldestCompute: 66, OldestComputeName: "Caracal",
			MainHead: "13863f4e1612", Newest: 96,
			Objects: map[string]string{"ImageMetaProps": "1.38", "ShareMapping": "1.0", "InstanceActionPayload": "1.8",
				"InstanceUpdatePayload": "2.0"}},
		{ID: "2025.1", Name: "Epoxy", Nova: 31, Version: "31.3.1", Service: 68, OldestCompute: 66, OldestComputeName: "Caracal",
			MainHead: "2903cd72dc14", Newest: 100, Objects: map[string]string{"ImageMetaProps": "1.39"}},
		{ID: "2025.2", Name: "Flamingo", Nova: 32, Version: "32.2.1", Service: 70, OldestCompute: 68, OldestComputeName: "Epoxy",
			MainHead: "2903cd72dc14", Newest: 100, Objects: map[string]string{"ImageMetaProps": "1.42"}},
		{ID: "2026.1", Name: "Gazpacho", Nova: 33, Version: "33.0.2", Service: 72, OldestCompute: 68, OldestComputeName: "Epoxy",
			MainHead: "2903cd72dc14", Newest: 103, Objects: map[string]string{"ImageMetaProps": "1.42"}, Served: true},
		{ID: "2026.2", Name: "Hibiscus", Nova: 34, Version: "34.0.0", Service: 74, OldestCompute: 72, OldestComputeName: "Gazpacho",
			MainHead: "ab450ba04102", Newest: 104, Served: true},
	}
}

// Newest returns the newest known release.
func Newest() *Release {
	all := All()
	return all[len(all)-1]
}

// OfService returns the release with a value of services.version, the newest one if several have it, or nil.
func OfService(version int64) *Release {
	return newestWith(func(r *Release) bool { return r.Service == version })
}

// OfHead returns the newest release with a value of alembic_version in cell databases, or nil.
func OfHead(head string) *Release {
	return newestWith(func(r *Release) bool { return r.MainHead == head })
}

// Named returns the release with a number or a name, or nil.
func Named(name string) *Release {
	return newestWith(func(r *Release) bool { return r.ID == name || r.Name == name })
}

// newestWith returns the newest release for which is returns true, or nil.
func newestWith(is func(*Release) bool) *Release {
	all := All()
	slices.Reverse(all)
	if n := slices.IndexFunc(all, is); n >= 0 {
		return all[n]
	}
	return nil
}
