// Package release says how the releases of Nova differ that a deployment can run. A Release is a
// value that an application gets when it is built; nothing here is mutable.
//
// docs/adding-a-release.md says what the next release takes.
package release

import (
	"fmt"
	"slices"
	"strings"
)

// Release is a release of Nova.
type Release struct {
	ID      string // "2026.2"
	Name    string // "Hibiscus"
	Version string // of the Python package: "34.0.0"
	Major   int    // the first number of Version, by which releases are compared: 34

	// Service is what its processes write into services.version.
	Service int64
	// OldestCompute is the services.version of the oldest nova-compute that its API
	// works with, and OldestComputeName the name of that release.
	OldestCompute     int64
	OldestComputeName string
	// MainHead is the revision of its main databases, in alembic_version.
	MainHead string

	// Microversion is the newest one of its compute API: 104 stands for 2.104.
	Microversion int
	// ComputeRPC is the newest version of nova-compute's RPC interface that its API sends.
	ComputeRPC string
}

// String returns number and name, such as "2026.2 Hibiscus".
func (r Release) String() string { return r.ID + " " + r.Name }

// releases are the known releases, oldest first.
var releases = []Release{
	{"2024.1", "Caracal", "29.4.0", 29, 67, 66, "Antelope", "13863f4e1612", 96, "6.3"},
	{"2024.2", "Dalmatian", "30.3.0", 30, 67, 66, "Caracal", "13863f4e1612", 96, "6.3"},
	{"2025.1", "Epoxy", "31.3.1", 31, 68, 66, "Caracal", "2903cd72dc14", 100, "6.4"},
	{"2025.2", "Flamingo", "32.2.1", 32, 70, 68, "Epoxy", "2903cd72dc14", 100, "6.4"},
	{"2026.1", "Gazpacho", "33.0.2", 33, 72, 68, "Epoxy", "2903cd72dc14", 103, "6.5"},
	{"2026.2", "Hibiscus", "34.0.0", 34, 74, 72, "Gazpacho", "ab450ba04102", 104, "6.5"},
}

// All returns the known releases, oldest first.
func All() []Release { return slices.Clone(releases) }

// Newest returns the newest release that this program implements.
func Newest() Release { return releases[len(releases)-1] }

// Find returns the release with a number ("2025.1"), a name ("epoxy") or a major version ("31").
func Find(text string) (Release, error) {
	var known []string
	for _, r := range All() {
		if text == r.ID || strings.EqualFold(text, r.Name) || text == fmt.Sprint(r.Major) {
			return r, nil
		}
		known = append(known, r.ID)
	}
	return Release{}, fmt.Errorf("%q is no release of Nova that is known here; known are %s", text, strings.Join(known, ", "))
}

// Of returns the release whose processes write a version into services. For a version between
// those of two releases, which development versions have, it returns the older one; releases
// that write the same version cannot be told apart, and Of returns the oldest of them. ok is
// false for versions older or newer than those of all known releases.
func Of(service int64) (r Release, ok bool) {
	all := All()
	if service > all[len(all)-1].Service {
		return r, false
	}
	for _, next := range all {
		if next.Service > service {
			break
		}
		if next.Service > r.Service {
			r = next
		}
	}
	return r, r.ID != ""
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

// APIHead is the revision of the API database of all releases.
const APIHead = "cdeec0c85668"

// OldestOfHead returns the oldest release whose main databases have a revision; ok is false for
// an unknown revision.
func OldestOfHead(head string) (r Release, ok bool) {
	all := All()
	i := slices.IndexFunc(all, func(r Release) bool { return r.MainHead == head })
	if i < 0 {
		return r, false
	}
	return all[i], true
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
