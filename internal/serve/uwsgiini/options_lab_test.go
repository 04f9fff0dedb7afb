//go:build lab

package uwsgiini_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// TestLabOptions compares options.txt with the options of uWSGI in LAB_VENV.
func TestLabOptions(t *testing.T) {
	binary := filepath.Join(os.Getenv("LAB_VENV"), "bin", "uwsgi")
	if _, err := os.Stat(binary); err != nil || os.Getenv("LAB_VENV") == "" {
		t.Skip("LAB_VENV does not name a Python environment with uWSGI")
	}
	out, err := exec.Command(binary, "--help").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	options := uwsgiini.Options()
	names := regexp.MustCompile(`(?m)^ +(?:-.\|)?--(\S+)`).FindAllStringSubmatch(string(out), -1)
	if len(names) < 900 {
		t.Fatalf("%d options", len(names))
	}
	for _, name := range names {
		if _, known := options[strings.ReplaceAll(name[1], "_", "-")]; !known {
			t.Errorf("%s is not in options.txt", name[1])
		}
	}
}
