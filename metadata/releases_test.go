package metadata_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/metadata"
)

// versions are those of the two trees.
type versions struct{ OpenStack, EC2 []string }

// TestVersionsAreThoseOfThePackages: each release lists and serves the versions of its package.
func TestVersionsAreThoseOfThePackages(t *testing.T) {
	packages, all := map[string]versions{}, map[string]bool{}
	for _, r := range release.All() {
		text, err := os.ReadFile("../internal/release/testdata/facts-" + r.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var facts struct{ Metadata versions }
		if err := json.Unmarshal(text, &facts); err != nil {
			t.Fatal(err)
		}
		packages[r.ID] = facts.Metadata
		if len(facts.Metadata.OpenStack) == 0 || len(facts.Metadata.EC2) == 0 {
			t.Fatalf("%s: the facts have no versions", r)
		}
		for _, v := range facts.Metadata.OpenStack {
			all[v] = true
		}
	}
	for _, r := range release.All() {
		theirs := packages[r.ID]
		cfg := &config.Config{}
		cfg.Neutron.ServiceMetadataProxy, cfg.Neutron.MetadataProxySharedSecret = true, key
		h := metadata.NewHandler(metadata.HandlerOptions{Config: cfg, Release: r, Store: &cloud{}, Networks: &cloud{}, Log: zerolog.Nop()})
		for path, want := range map[string][]string{"/openstack": theirs.OpenStack, "/": theirs.EC2} {
			if got := do(h, "GET", path, "", signed()).Body.String(); got != strings.Join(want, "\n")+"\nlatest" {
				t.Errorf("%s: %s lists %q, in the package %q", r, path, got, want)
			}
		}
		for v := range all {
			status := 404
			if slices.Contains(theirs.OpenStack, v) {
				status = 200
			}
			if w := do(h, "GET", "/openstack/"+v, "", signed()); w.Code != status {
				t.Errorf("%s: version %s is answered with %d", r, v, w.Code)
			}
		}
		for _, v := range theirs.EC2 {
			if w := do(h, "GET", "/"+v, "", signed()); w.Code != 200 {
				t.Errorf("%s: version %s is answered with %d", r, v, w.Code)
			}
		}
	}
}
