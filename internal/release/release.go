// Package release says how the releases of Nova differ. A row of the table is a value
// that an application gets when it is loaded: everything that depends on the release
// asks the row, and nothing here is global state.
package release

import "slices"

// Release is a release of Nova.
type Release struct {
	ID   string // "2026.2"
	Name string // "Hibiscus"
	Nova int    // major version: 34
	// Version is the newest version of the series whose behaviour was compared.
	Version string

	// Service is what its processes write into services.version.
	Service int64
	// OldestCompute is the services.version of the oldest nova-compute that its API
	// works with, and OldestComputeName the name of that release.
	OldestCompute     int64
	OldestComputeName string
	// MainHead is the revision of its main databases, in alembic_version.
	MainHead string
	// Newest is the minor number of the newest microversion.
	Newest int
	// Objects are the versions of versioned objects that differ from those of the
	// newest release that is known.
	Objects map[string]string
	// Served tells whether this program serves the release.
	Served bool
}

// String is the number and the name, such as "2026.2 Hibiscus".
func (r *Release) String() string { return r.ID + " " + r.Name }

// Since tells whether the release is a major version of Nova or a later one.
func (r *Release) Since(nova int) bool { return r.Nova >= nova }

// All answers the releases that are known, oldest first.
func All() []*Release {
	return []*Release{
		{ID: "2024.1", Name: "Caracal", Nova: 29, Version: "29.4.0", Service: 67, OldestCompute: 66, OldestComputeName: "Antelope",
			MainHead: "13863f4e1612", Newest: 96,
			Objects: map[string]string{"ImageMetaProps": "1.37", "ShareMapping": "1.0", "InstanceActionPayload": "1.8", "InstanceUpdatePayload": "2.0"}},
		{ID: "2024.2", Name: "Dalmatian", Nova: 30, Version: "30.3.0", Service: 67, OldestCompute: 66, OldestComputeName: "Caracal",
			MainHead: "13863f4e1612", Newest: 96,
			Objects: map[string]string{"ImageMetaProps": "1.38", "ShareMapping": "1.0", "InstanceActionPayload": "1.8", "InstanceUpdatePayload": "2.0"}},
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

// Newest is the newest release that is known.
func Newest() *Release {
	all := All()
	return all[len(all)-1]
}

// OfService finds the release whose processes write a version into services, the
// newest one where several do, or nil.
func OfService(version int64) *Release {
	return last(func(r *Release) bool { return r.Service == version })
}

// OfHead finds the newest release with a revision of the main database, or nil.
func OfHead(head string) *Release {
	return last(func(r *Release) bool { return r.MainHead == head })
}

// Named finds a release by its number or its name, or answers nil.
func Named(name string) *Release {
	return last(func(r *Release) bool { return r.ID == name || r.Name == name })
}

func last(is func(*Release) bool) *Release {
	all := All()
	slices.Reverse(all)
	if n := slices.IndexFunc(all, is); n >= 0 {
		return all[n]
	}
	return nil
}
