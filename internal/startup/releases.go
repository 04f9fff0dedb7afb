package startup

import (
	"slices"
	"strings"
)

// release identifies a release of Nova by its values in the databases.
type release struct {
	id, name string
	service  int64  // services.version
	head     string // alembic_version of cell databases
}

func (r release) String() string { return r.id + " " + r.name }

// releases lists the known releases, oldest first; the last one is ours.
func releases() []release {
	return []release{
		{"2024.1", "Caracal", 67, "13863f4e1612"},
		{"2024.2", "Dalmatian", 67, "13863f4e1612"},
		{"2025.1", "Epoxy", 68, "2903cd72dc14"},
		{"2025.2", "Flamingo", 70, "2903cd72dc14"},
		{"2026.1", "Gazpacho", 72, "2903cd72dc14"},
		{"2026.2", "Hibiscus", ServiceVersion, mainHead},
	}
}

// ourRelease returns the release that this program implements.
func ourRelease() release {
	all := releases()
	return all[len(all)-1]
}

// ofService returns the name of the release that writes version into services.
func ofService(version int64) string {
	all := releases()
	if found := releaseNames(func(r release) bool { return r.service == version }); found != "" {
		return found
	}
	switch after := slices.IndexFunc(all, func(r release) bool { return r.service > version }); after {
	case -1:
		return "newer than " + all[len(all)-1].String()
	case 0:
		return "older than " + all[0].String()
	default:
		return "between " + all[after-1].String() + " and " + all[after].String()
	}
}

// ofHead returns the name of the release whose schema has the revision head.
func ofHead(head string) string {
	if found := releaseNames(func(r release) bool { return r.head == head }); found != "" {
		return found
	}
	return "of no release that is known here"
}

func releaseNames(is func(release) bool) string {
	var names []string
	for _, r := range releases() {
		if is(r) {
			names = append(names, r.String())
		}
	}
	return strings.Join(names, " or ")
}
