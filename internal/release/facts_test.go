package release_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/nova-go/nova/internal/release"
)

// facts are what testdata/facts.py reads in the package of a release.
type facts struct {
	Version           string
	Microversion      int
	Service           int64
	OldestCompute     int64  `json:"oldest_compute"`
	OldestComputeName string `json:"oldest_compute_name"`
	Heads             map[string]string
	RPC               map[string]string
	Objects           map[string]struct {
		Version string
		Fields  []string
	}
}

func factsOf(t *testing.T, r release.Release) (f facts) {
	t.Helper()
	text, err := os.ReadFile("testdata/facts-" + r.ID + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRowsAreThoseOfThePackages(t *testing.T) {
	for _, r := range release.All() {
		f := factsOf(t, r)
		for _, c := range []struct {
			what      string
			ours, its any
		}{
			{"version", r.Version, f.Version},
			{"newest microversion", r.Microversion, f.Microversion},
			{"version of its services", r.Service, f.Service},
			{"oldest compute", r.OldestCompute, f.OldestCompute},
			{"name of the oldest compute", r.OldestComputeName, f.OldestComputeName},
			{"head of the main database", r.MainHead, f.Heads["main"]},
			{"head of the API database", release.APIHead, f.Heads["api"]},
			{"RPC version of compute", r.ComputeRPC, f.RPC["compute"]},
			{"RPC version of the scheduler", "4.5", f.RPC["scheduler"]},
		} {
			if c.ours != c.its {
				t.Errorf("%s: the %s is %v, in the package %v", r, c.what, c.ours, c.its)
			}
		}
		want := "1.25"
		if r.Has(release.ConductorAttachesVolumes) {
			want = "1.26"
		}
		if f.RPC["conductor"] != want {
			t.Errorf("%s: nova-conductor has version %s of compute_task", r, f.RPC["conductor"])
		}
	}
}

// TestObjectsAreThoseOfThePackages compares versions, and the fields that a release does not have.
func TestObjectsAreThoseOfThePackages(t *testing.T) {
	newest := factsOf(t, release.Newest())
	for _, r := range release.All() {
		f := factsOf(t, r)
		for _, class := range release.Objects() {
			theirs, known := f.Objects[class]
			version, later := r.Object(class)
			if !known {
				if r == release.Newest() {
					t.Errorf("%s: the package has no %s", r, class)
				}
				continue
			}
			if version != theirs.Version {
				t.Errorf("%s: %s has version %s, in the package %s", r, class, version, theirs.Version)
			}
			var missing []string
			for _, field := range newest.Objects[class].Fields {
				if !slices.Contains(theirs.Fields, field) {
					missing = append(missing, field)
				}
			}
			slices.Sort(later)
			if !slices.Equal(missing, later) {
				t.Errorf("%s: later versions of %s have the fields %q in addition, in the packages %q", r, class, later, missing)
			}
			for _, field := range theirs.Fields {
				if !slices.Contains(newest.Objects[class].Fields, field) {
					t.Errorf("%s: %s has the field %s, which the newest release does not have", r, class, field)
				}
			}
		}
	}
}
