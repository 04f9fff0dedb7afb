//go:build lab

package serve_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemd takes the documented units as they are, but for a program and a user
// that this machine may not have.
func TestSystemdUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("needs systemd-analyze")
	}
	dir := t.TempDir()
	files := []string{"verify"}
	for _, kind := range []string{"socket", "service"} {
		text := snippets(t)["systemd-"+kind]
		if text == "" {
			t.Fatal("there is no " + kind)
		}
		text = strings.NewReplacer("/usr/local/bin/nova-api", "/bin/true", "=nova\n", "=daemon\n").Replace(text)
		file := filepath.Join(dir, "nova-api."+kind)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if out, err := exec.Command("systemd-analyze", files...).CombinedOutput(); err != nil || strings.Contains(string(out), dir) {
		t.Errorf("%v\n%s", err, out)
	}
}
