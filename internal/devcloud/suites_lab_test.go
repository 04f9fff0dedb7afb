//go:build lab

package devcloud_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// suites are the functional tests of clients in Python, by directory in site-packages, with the expressions of the
// tests that cannot pass and why.
var suites = []struct {
	name, dir string
	known     map[string]string
	seed      string // what the tests expect of the cloud, for POST /dev/seed
}{
	{"novaclient", "novaclient/tests/functional", map[string]string{
		`TestInstanceUsageAuditLogCLI`: "expects that [database] connection is cell0, which has no hosts",
	}, ""},
	{"openstacksdk compute", "openstack/tests/functional/compute", nil, ""},
	{"openstacksdk cloud", "openstack/tests/functional/cloud", map[string]string{
		`TestProjectCleanup.test_cleanup\b`: "passes alone, but other tests leave resources in the project",
	}, devstackFlavors},
	{"openstacksdk network", "openstack/tests/functional/network", map[string]string{
		`TestSegment\.`:             "the tests have no SEGMENT_ID where Neutron has the extension segment",
		`TestAutoAllocatedTopology`: "changes the network public as a user, which Neutron's default policy refuses",
	}, ""},
	{"openstacksdk image", "openstack/tests/functional/image", nil, ""},
	{"openstacksdk block_storage", "openstack/tests/functional/block_storage", nil, ""},
	{"openstacksdk identity", "openstack/tests/functional/identity", nil, ""},
	{"openstacksdk placement", "openstack/tests/functional/placement", map[string]string{
		`test_usage`: "expects that the project admin has allocations; Placement itself has none either",
	}, ""},
	{"openstacksdk shared_file_system", "openstack/tests/functional/shared_file_system", map[string]string{
		`ShareInstance|SnapshotInstance|ShareNetwork|ShareGroup|ShareReplica|ShareTransfer|ManageUnmanage|QuotaClassSet`: "these APIs are missing",
	}, ""},
	{"openstackclient compute", "openstackclient/tests/functional/compute", nil, cirrosDisk},
	{"openstackclient common", "openstackclient/tests/functional/common", nil, ""},
	{"openstackclient identity", "openstackclient/tests/functional/identity", map[string]string{
		`test_idp|test_mapping|test_service_provider`: "federation is missing",
		`test_policy`:                             "policies of Keystone are missing",
		`test_implied_role`:                       "implied roles are missing",
		`test_role_assignment_list_role_domain`:   "names of roles are unique in all domains",
		`test_project_show_with_parents_children`: "parents and subtrees of projects are missing",
	}, ""},
	{"openstackclient image", "openstackclient/tests/functional/image", map[string]string{
		`test_cached_image`: "expects that Glance has a cache; without one, it has no API for it",
	}, ""},
	{"openstackclient network", "openstackclient/tests/functional/network", map[string]string{
		`test_network_segment_set_show`: "expects null for a missing description; Neutron of 2026.2 answers an empty one, too",
	}, cirrosDisk},
	{"openstackclient volume", "openstackclient/tests/functional/volume", nil, lvmType},
}

// lvmType makes DevStack's volume type the default of the project admin.
const lvmType = `requests:
- {do: POST /volume/v3/types, as: admin, body: {volume_type: {name: lvmdriver-1}}}
- {do: PUT /volume/v3/default-types/70726f6a6563742d61646d696e202020, as: admin, body: {default_type: {volume_type: lvmdriver-1}}}
`

// cirrosDisk adds an image with a name like those of DevStack, which the tests of openstackclient look for.
const cirrosDisk = `requests:
- do: POST /image/v2/images
  as: admin
  body: {id: 4c1b0e9a-6c32-4a3f-8f53-0f2f6f0f6d01, name: cirros-0.6.2-x86_64-disk, disk_format: qcow2, container_format: bare, visibility: public}
- {do: PUT /image/v2/images/4c1b0e9a-6c32-4a3f-8f53-0f2f6f0f6d01/file, as: admin, body: content}
`

// devstackFlavors makes the flavors those of DevStack.
const devstackFlavors = `requests:
- {do: DELETE /v2.1/flavors/42, as: admin}
- {do: DELETE /v2.1/flavors/84, as: admin}
- {do: POST /v2.1/flavors, as: admin, body: {flavor: {name: cirros256, id: c1, ram: 256, vcpus: 1, disk: 1}}}
- {do: POST /v2.1/flavors, as: admin, body: {flavor: {name: m1.xlarge, id: "5", ram: 16384, vcpus: 8, disk: 160}}}
`

const suiteClouds = `clouds:
  devstack-admin: &admin
    auth: {auth_url: "%[1]s/identity/v3", username: admin, password: secret, project_name: admin, user_domain_id: default, project_domain_id: default}
    region_name: RegionOne
  functional_admin: *admin
  devstack-system-admin: *admin
  devstack: &demo
    auth: {auth_url: "%[1]s/identity/v3", username: demo, password: secret, project_name: demo, user_domain_id: default, project_domain_id: default}
    region_name: RegionOne
    networks: [{name: private, default_interface: true}, {name: public, routes_externally: true}]
  devstack-alt: *demo
`

// TestLabSuites runs the functional tests of openstacksdk and novaclient, as they are in the packages of PyPI, with
// the interpreter that SUITES_PYTHON names. SUITES selects suites by a regular expression.
func TestLabSuites(t *testing.T) {
	python := os.Getenv("SUITES_PYTHON")
	if python == "" {
		t.Skip("SUITES_PYTHON names no Python with openstacksdk, novaclient and the requirements of their tests")
	}
	out, err := exec.CommandContext(t.Context(), python, "-c", "import openstack, os; print(os.path.dirname(os.path.dirname(openstack.__file__)))").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.TrimSpace(string(out))
	for _, suite := range suites {
		t.Run(suite.name, func(t *testing.T) {
			if only := os.Getenv("SUITES"); only != "" && !regexp.MustCompile(only).MatchString(suite.name) {
				t.Skip("SUITES does not select it")
			}
			c := start(t, t.TempDir())
			defer c.Close()
			flavor := "m1.nano"
			if suite.seed != "" {
				ask(t, c, "POST", "/seed", suite.seed, 204)
			}
			if suite.seed == devstackFlavors {
				flavor = "cirros256"
			}
			if suite.name == "openstackclient compute" { // whose tests look at servers while they are built
				ask(t, c, "PUT", "/build-time", `{"time": "2s"}`, 204)
			}
			dir := t.TempDir()
			clouds := filepath.Join(dir, "clouds.yaml") // the tests of openstackclient start programs without OS_CLIENT_CONFIG_FILE
			if err := os.WriteFile(clouds, fmt.Appendf(nil, suiteClouds, c.URL), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), python, "-m", "unittest", "discover", "-v", "-s", filepath.Join(packages, suite.dir), "-t", packages)
			cmd.Dir = dir
			// Some tests upload this file of their source tree.
			if err := os.WriteFile(filepath.Join(cmd.Dir, "CONTRIBUTING.rst"), []byte("content\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(python)+":"+os.Getenv("PATH"), "OS_CLIENT_CONFIG_FILE="+clouds,
				"OS_TEST_TIMEOUT=120", "OPENSTACKSDK_FUNC_TEST_TIMEOUT=60",
				"OPENSTACKSDK_FLAVOR="+flavor, "OS_NOVACLIENT_NETWORK=private",
				"TOX_ENV_DIR="+filepath.Dir(filepath.Dir(python)))
			report, _ := cmd.CombinedOutput() // the exit status is 1 if a test fails
			ran := suiteRan.FindSubmatch(report)
			if ran == nil {
				t.Fatalf("no result:\n%s", report[max(0, len(report)-2000):])
			}
			known := 0
			for _, block := range strings.Split(string(report), strings.Repeat("=", 70)+"\n")[1:] {
				if why := reason(suite.known, block); why != "" {
					known++
				} else {
					t.Error(block)
				}
			}
			t.Logf("%s tests ran, %s; %d failed for known reasons", ran[1], suiteEnd.Find(report), known)
		})
	}
}

var (
	suiteRan = regexp.MustCompile(`(?m)^Ran (\d+) tests`)
	suiteEnd = regexp.MustCompile(`(?m)^(OK|FAILED).*$`)
)

// reason says why a test is known to fail; "": it is not.
func reason(known map[string]string, block string) string {
	id, _, _ := strings.Cut(block, "\n")
	for expression, why := range known {
		if regexp.MustCompile(expression).MatchString(id) {
			return why
		}
	}
	return ""
}
