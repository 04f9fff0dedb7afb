//go:build lab

package serve_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemd takes the units of the packages as they are, but for programs and a user that this machine
// may not have.
func TestSystemdUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("needs systemd-analyze")
	}
	dir := t.TempDir()
	args := []string{"verify"}
	for _, unit := range []string{"nova-go-api.socket", "nova-go-api.service", "nova-go-metadata.socket", "nova-go-metadata.service"} {
		text, err := os.ReadFile("../packages/" + unit)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.NewReplacer("/usr/libexec/nova-go/nova-api", "/bin/true", "/usr/libexec/nova-go/nova-metadata", "/bin/true",
			"=nova\n", "=daemon\n").Replace(string(text))
		file := filepath.Join(dir, unit)
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || strings.Contains(string(out), dir) {
		t.Errorf("%v\n%s", err, out)
	}
}
