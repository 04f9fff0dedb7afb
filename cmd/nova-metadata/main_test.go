package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/version"
)

// TestWithoutSQLite builds nova-metadata as make build does: what needs SQLite is
// refused in one line, with status 1.
func TestWithoutSQLite(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "nova-metadata")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "nosqlite", "-ldflags", "-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	conf := filepath.Join(dir, "nova.conf")
	text := "[api_database]\nconnection = sqlite:///" + dir + "/api.sqlite\n[database]\nconnection = sqlite:///" + dir + "/cell.sqlite\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(dir, "uwsgi")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, program string
		args          []string
		status        int
		want          string
	}{
		{"version", "nova-metadata", []string{"--version"}, 0, "nova-metadata version " + version.Number + "\n"},
		{"all of the version", "nova-metadata", []string{"version"}, 0, "tags: nosqlite\n"},
		{"dev", "nova-metadata", []string{"--dev", "--state", dir}, 1, "--dev needs SQLite"},
		{"a database", "nova-metadata", []string{"--config-file", conf, "--http", "127.0.0.1:0"}, 1, "built without SQLite"},
		{"the compute API", "uwsgi", []string{"--http-socket", "127.0.0.1:0", "--module", "nova.wsgi.osapi_compute:application"}, 1, "nova-api hosts both"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), filepath.Join(dir, c.program), c.args...)
			cmd.Env = []string{"HOME=" + dir, "OS_NOVA_CONFIG_DIR=" + t.TempDir()}
			out, _ := cmd.CombinedOutput()
			if got := string(out); cmd.ProcessState.ExitCode() != c.status || !strings.Contains(got, c.want) || c.status != 0 && strings.Count(got, "\n") != 1 {
				t.Errorf("status %d, %q; want status %d and %q", cmd.ProcessState.ExitCode(), got, c.status, c.want)
			}
		})
	}
}
