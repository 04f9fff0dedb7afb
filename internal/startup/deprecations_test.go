package startup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/startup"
)

func TestFatalDeprecations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"pci_alias = {\"name\": \"a\"}\n":                               "", // only with the option
		"fatal_deprecations = true\npci_alias = {\"name\": \"a\"}\n":    "nova.conf:3: [DEFAULT] pci_alias: deprecated name; use [pci] alias (fatal_deprecations is set)",
		"fatal_deprecations = true\napi_paste_config = x\n":             "nova.conf:3: [DEFAULT] api_paste_config: deprecated name; use [wsgi] api_paste_config (fatal_deprecations is set)",
		"fatal_deprecations = true\nlogdir = /tmp\n":                    "", // measured: a warning
		"fatal_deprecations = true\nscheduler_max_attempts = 3\n":       "", // of nova-conductor
		"fatal_deprecations = true\n[pci]\nalias = {\"name\": \"a\"}\n": "",
	} {
		file := filepath.Join(t.TempDir(), "nova.conf")
		if err := os.WriteFile(file, []byte("[DEFAULT]\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := startup.CheckDeprecations(c); err != nil {
			got = strings.ReplaceAll(err.Error(), filepath.Dir(file)+"/", "")
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
