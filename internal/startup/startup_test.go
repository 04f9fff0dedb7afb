package startup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/startup"
	"github.com/rs/zerolog"
)

func TestPCIAliases(t *testing.T) {
	t.Parallel()
	const gpu = `alias = {"name": "gpu", "vendor_id": "10de", "product_id": "1eb8", "device_type": "type-PCI"}`
	for _, c := range []struct{ name, lines, refused string }{
		{"none", "", ""},
		{"one", gpu, ""},
		{"two of a name", gpu + "\n" + strings.Replace(gpu, "1eb8", "1eb9", 1), ""},
		{"two in placement", "[filter_scheduler]\npci_in_placement = true\n[pci]\n" + gpu + "\n" + gpu, "pci_in_placement allows one each"},
		{"device types differ", gpu + "\n" + strings.Replace(gpu, "type-PCI", "type-PF", 1), "Device type mismatch for alias 'gpu'"},
		{"policies differ", gpu + "\n" + strings.Replace(gpu, `"type-PCI"`, `"type-PCI", "numa_policy": "required"`, 1), "NUMA policy mismatch for alias 'gpu'"},
		{"no ids", `alias = {"name": "gpu"}`, "do not have both vendor_id and product_id"},
		{"bad id", strings.Replace(gpu, "10de", "nvidia", 1), "'nvidia' is not four hexadecimal digits"},
		{"no JSON", "alias = gpu", "invalid character"},
		{"unknown field", strings.Replace(gpu, "device_type", "kind", 1), `unknown field "kind"`},
		{"bad type", strings.Replace(gpu, "type-PCI", "type-X", 1), "device_type 'type-X' is not one of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "nova.conf")
			if err := os.WriteFile(file, []byte("[pci]\n"+c.lines+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			conf, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
			if err != nil {
				t.Fatal(err)
			}
			_, err = startup.PCIAliases(conf)
			switch {
			case c.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused) || !strings.Contains(err.Error(), file)):
				t.Errorf("got %v, want one that names %s and says %q", err, file, c.refused)
			}
		})
	}
}

// TestScopeOfTokens: since 2026.2 [oslo_policy] enforce_scope cannot be turned off.
func TestScopeOfTokens(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "nova.conf")
	if err := os.WriteFile(file, []byte("[oslo_policy]\nenforce_scope = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	system := &reqctx.Caller{UserID: "s", SystemScope: "all", Roles: []string{"admin"}}
	for _, r := range release.All() {
		e, err := startup.OpenPolicy(c, r, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Allowed(system, policy.ServersIndex, policy.Own(system)); got == r.Has(release.ScopeAlwaysEnforced) {
			t.Errorf("%s: a token of the system is allowed: %v", r, got)
		}
	}
}
