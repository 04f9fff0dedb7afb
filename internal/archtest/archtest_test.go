// Package archtest holds the import rules of docs/ARCHITECTURE.md: arrows point
// down only.
package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/nova-go/nova/"

// layers are the packages from the top down: one may import what stands in a
// lower layer, and nothing of its own or a higher one, but for what beside says.
// A name stands for the packages below it, too.
var layers = [][]string{
	{"cmd", "internal/lab", "internal/packages", "internal/deployments"},
	{"internal/cli", "internal/inspect", "compute/devcloud"},
	{"compute", "metadata"},
	{"compute/internal/servers", "compute/internal/migrations", "compute/internal/attachments", "compute/internal/consoles", "compute/internal/flavors", "compute/internal/keypairs", "compute/internal/hosts", "compute/internal/quotas", "compute/internal/groups", "compute/internal/images", "compute/internal/networks", "compute/internal/volumes", "compute/internal/versions", "compute/internal/removed", "compute/internal/eventstream"},
	{"compute/internal/securitygroup", "compute/internal/openapi"},
	{"compute/internal/api"},
	{"compute/internal/body"},
	{"compute/internal/mv", "compute/internal/schema", "compute/internal/representation", "metadata/internal/tree", "metadata/internal/vendordata"},
	{"internal/devcloud"},
	{"internal/sessions"},
	{"internal/startup", "internal/middleware", "internal/ops", "internal/serve", "internal/computepaste", "internal/osloargs"},
	{"internal/quota", "internal/events"},
	{"internal/db/api", "internal/db/cell", "internal/rest"},
	{"internal/db", "internal/rpc", "internal/log", "internal/servicegroup"},
	{"internal/policy", "internal/hardware", "internal/versioned", "internal/memcache"},
	{"internal/objects", "internal/release", "internal/reqctx", "internal/metrics", "internal/webob", "internal/clienttls", "internal/version"},
	{"internal/pyjson"},
	{"internal/pytext", "internal/clock", "internal/osprofiler"},
	{"config", "paste"},
}

// beside are the arrows within a layer.
var beside = map[string][]string{
	"internal/rest": {"internal/rest"}, // the clients stand on the sessions
	"internal/ops":  {"internal/ops"},  // verbs about what servers have stand on those about servers
	"internal/rpc":  {"internal/rpc"},  // the interfaces of services stand on the transport
	// The filters of large sites stand on the others, and all on what filters share.
	"internal/middleware": {"internal/middleware"},
	// The parts of the embedded cloud stand on its documents and rows, and know each other.
	"internal/devcloud": {"internal/devcloud"},
}

// forAll is the package that all others may import, whatever never says: it depends on nothing.
const forAll = "internal/pytext"

// never are arrows that would point down, and still may not be.
var never = map[string][]string{
	"paste":                   {"config", "compute", "metadata", "internal"},
	"config":                  {"paste", "compute", "metadata", "internal"},
	"internal/objects":        {"config", "paste", "internal"},
	"compute/internal/mv":     {"internal", "config", "paste"},
	"compute/internal/schema": {"internal", "config", "paste"},
	"internal/ops":            {"net/http"},
	"internal/db":             {"net/http"},
	"internal/objects/":       {"net/http"},
}

// users are the only packages that may import what is named: versioned forms are
// for the wire and the databases.
var users = map[string][]string{
	"internal/versioned": {"internal/rpc", "internal/db", "internal/ops/notify", "internal/devcloud"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func under(path, name string) bool {
	return path == name || strings.HasPrefix(path, strings.TrimSuffix(name, "/")+"/")
}

// place finds the layer of a package: that of the longest name it is under.
func place(path string) (layer int, name string) {
	layer = -1
	for n, names := range layers {
		for _, l := range names {
			if under(path, l) && len(l) > len(name) {
				layer, name = n, l
			}
		}
	}
	return layer, name
}

// testOnly are the packages that only tests import.
var testOnly = []string{"internal/archtest", "internal/novatest", "internal/middleware/filter/filtertest", "compute/internal/costfuzz"}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		if slices.ContainsFunc(testOnly, func(name string) bool { return under(path, name) }) {
			continue
		}
		from, name := place(path)
		if from < 0 {
			t.Errorf("%s stands in no layer: add it to docs/ARCHITECTURE.md and here", path)
			continue
		}
		for _, imported := range p.Imports {
			for who, what := range never {
				if !under(path, who) {
					continue
				}
				for _, w := range what {
					if target := strings.TrimPrefix(imported, module); under(target, w) && target != forAll && !under(target, strings.TrimSuffix(who, "/")) {
						t.Errorf("%s must not import %s", path, target)
					}
				}
			}
			target, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			if may, limited := users[target]; limited && !slices.ContainsFunc(may, func(user string) bool { return under(path, user) }) {
				t.Errorf("%s must not import %s", path, target)
			}
			to, other := place(target)
			if to > from || other == name && under(target, path) || slices.Contains(beside[name], other) {
				continue
			}
			t.Errorf("%s (layer %d) must not import %s (layer %d)", path, from, target, to)
		}
	}
}

func TestTopLevel(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		top, _, _ := strings.Cut(path, "/")
		if !slices.Contains([]string{"cmd", "paste", "compute", "metadata", "config", "internal"}, top) {
			t.Errorf("%s: the top level holds cmd, paste, compute, metadata, config and internal", path)
		}
	}
}
