// Package release says how the releases of Nova differ that a deployment can have.
package release

import (
	"slices"
	"strings"
)

// Release is a release of Nova.
type Release struct {
	ID      string // "2026.2"
	Name    string // "Hibiscus"
	Version string // "34.0.0"

	// Service is what its processes write into services.version.
	Service int64
	// OldestCompute is the services.version of the oldest nova-compute that its API
	// works with, and OldestComputeName the name of that release.
	OldestCompute     int64
	OldestComputeName string
	// MainHead is the revision of its main databases, in alembic_version.
	MainHead string
}

// String returns number and name, such as "2026.2 Hibiscus".
func (r Release) String() string { return r.ID + " " + r.Name }

// All returns the known releases, oldest first.
func All() []Release {
	return []Release{
		{"2024.1", "Caracal", "29.4.0", 67, 66, "Antelope", "13863f4e1612"},
		{"2024.2", "Dalmatian", "30.3.0", 67, 66, "Caracal", "13863f4e1612"},
		{"2025.1", "Epoxy", "31.3.1", 68, 66, "Caracal", "2903cd72dc14"},
		{"2025.2", "Flamingo", "32.2.1", 70, 68, "Epoxy", "2903cd72dc14"},
		{"2026.1", "Gazpacho", "33.0.2", 72, 68, "Epoxy", "2903cd72dc14"},
		{"2026.2", "Hibiscus", "34.0.0", 74, 72, "Gazpacho", "ab450ba04102"},
	}
}

// Served returns the release that this program implements: the last one.
func Served() Release {
	all := All()
	return all[len(all)-1]
}

// OfService describes the release whose processes write a version into services:
// "2025.1 Epoxy", "2024.1 Caracal or 2024.2 Dalmatian", "newer than 2026.2 Hibiscus".
func OfService(version int64) string {
	all := All()
	if found := matching(func(r Release) bool { return r.Service == version }); found != "" {
		return found
	}
	switch after := slices.IndexFunc(all, func(r Release) bool { return r.Service > version }); after {
	case -1:
		return "newer than " + all[len(all)-1].String()
	case 0:
		return "older than " + all[0].String()
	default:
		return "between " + all[after-1].String() + " and " + all[after].String()
	}
}

// OfHead describes the releases whose main databases have a revision.
func OfHead(head string) string {
	if found := matching(func(r Release) bool { return r.MainHead == head }); found != "" {
		return found
	}
	return "of no release that is known here"
}

func matching(is func(Release) bool) string {
	var names []string
	for _, r := range All() {
		if is(r) {
			names = append(names, r.String())
		}
	}
	return strings.Join(names, " or ")
}
