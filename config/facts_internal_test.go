package config

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// factsFile has what the package of a release declares; see docs/adding-a-release.md.
type factsFile struct {
	Version string
	Options map[string]struct {
		Default any
		Old     []string
	}
}

// readFacts returns the facts of the releases, oldest first.
func readFacts(t *testing.T) []factsFile {
	t.Helper()
	names, err := filepath.Glob("../internal/release/testdata/facts-*.json")
	if err != nil || len(names) < 6 {
		t.Fatal(names, err)
	}
	slices.Sort(names)
	all := make([]factsFile, len(names))
	for i, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &all[i]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// laterOptions are options that older releases do not have, with the reason for which they are read
// all the same.
var laterOptions = map[string]string{
	"DEFAULT/cell_worker_thread_pool_size":   "the number of threads of Python's service",
	"DEFAULT/default_thread_pool_size":       "the number of threads of Python's service",
	"DEFAULT/manager_shutdown_timeout":       "services other than the API",
	"DEFAULT/my_shared_fs_storage_ip":        "nova-compute",
	"DEFAULT/thread_pool_statistic_period":   "the log of Python's service",
	"api/neutron_default_project_id":         "another name of neutron_default_tenant_id",
	"api/response_validation":                "a check of answers, which is the same for older releases",
	"compute/update_resources_max_workers":   "nova-compute",
	"manila/insecure":                        "shares have microversion 2.97",
	"notifications/include_share_mapping":    "InstanceActionPayload 1.9 has the shares",
	"quota/unified_limits_resource_list":     "release.UnlimitedUnified",
	"quota/unified_limits_resource_strategy": "release.UnlimitedUnified",
	"spice/require_secure":                   "nova-compute",
	"spice/spice_direct_proxy_base_url":      "consoles of type spice-direct have microversion 2.99",
}

// otherDefaults are options that only services other than the API use.
var otherDefaults = map[string]bool{"DEFAULT/sync_power_state_pool_size": true}

// TestOptionsAreThoseOfThePackages compares former names, and finds defaults that differ between
// releases; TestDefaults compares those of the newest.
func TestOptionsAreThoseOfThePackages(t *testing.T) {
	c, err := Load(Sources{NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	all := readFacts(t)
	newest := all[len(all)-1]
	for _, f := range all {
		if len(f.Options) < 200 {
			t.Errorf("%s: only %d options", f.Version, len(f.Options))
		}
		for _, s := range c.s.specs {
			name := s.group + "/" + s.name
			theirs, has := f.Options[name]
			if !has {
				if _, later := newest.Options[name]; later && laterOptions[name] == "" {
					t.Errorf("%s does not have [%s] %s", f.Version, s.group, s.name)
				}
				continue
			}
			ours := map[string]bool{}
			for _, o := range s.old {
				ours[o.group+"/"+o.name] = true
			}
			if major, _, _ := strings.Cut(f.Version, "."); major < "32" { // release.NewAPIOptionNames
				for _, o := range s.earlier {
					ours[o.group+"/"+o.name] = true
				}
			}
			if got := slices.Sorted(maps.Keys(ours)); !slices.Equal(got, theirs.Old) {
				t.Errorf("%s: [%s] %s has the former names %q, in the package %q", f.Version, s.group, s.name, got, theirs.Old)
			}
			if now, has := newest.Options[name]; has && !reflect.DeepEqual(now.Default, theirs.Default) && !otherDefaults[name] {
				t.Errorf("%s: the default of [%s] %s is %v", f.Version, s.group, s.name, theirs.Default)
			}
		}
	}
}
