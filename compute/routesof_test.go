package compute_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/internal/release"
)

// TestRoutesOfReleases compares methods and paths of each release with those of its package.
func TestRoutesOfReleases(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile(`\{[^}]*\}`)
	for _, r := range release.All() {
		text, err := os.ReadFile("../internal/release/testdata/facts-" + r.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var facts struct{ Routes []string }
		if err := json.Unmarshal(text, &facts); err != nil {
			t.Fatal(err)
		}
		if len(facts.Routes) < 200 {
			t.Errorf("%s: only %d routes", r, len(facts.Routes))
		}
		ours := map[string]bool{}
		for _, row := range compute.Routes() {
			if int(row.From) <= r.Microversion {
				ours[row.Method+" "+variable.ReplaceAllString(row.Path, "{}")] = true
			}
		}
		for _, route := range facts.Routes {
			if !ours[route] {
				t.Errorf("%s: no row for %s", r, route)
			}
			delete(ours, route)
		}
		for route := range ours {
			t.Errorf("%s does not have %s", r, route)
		}
	}
}
