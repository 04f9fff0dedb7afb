package compute_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/internal/novatest"
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

// TestValidationOfReleases: bodies and extra specs are checked as each release does.
func TestValidationOfReleases(t *testing.T) {
	t.Parallel()
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			s := novatest.New(t, as(r))
			admin := s.As("admin").MV("2.86")
			port := admin.MV("2.30").Do("POST /servers", `{"server": {"name": "a", "flavorRef": "1", "networks": [{"port": 5}]}}`).Expect(400)
			if r.Has(release.TypeListSchemas) {
				port.Fault("badRequest", "*5 is not of type 'string', 'null'")
			} else {
				port.Fault("badRequest", "*5 is not valid under any of the given schemas")
			}
			for spec, has := range map[string]bool{
				"hw:cpu_max_cores": r.Has(release.CPUTopologySpecs), "hw:max_cpu_cores": !r.Has(release.CPUTopologySpecs),
				"hw:redirected_usb_ports": r.Has(release.SoundAndUSBModels),
			} {
				got := admin.Do("PUT /flavors/1/os-extra_specs/"+spec, `{"`+spec+`": "2"}`)
				if has {
					got.Expect(200)
				} else {
					got.Expect(400).Fault("badRequest", "Validation failed; extra spec '"+spec+"' does not appear to be a valid extra spec.")
				}
			}
		})
	}
}
