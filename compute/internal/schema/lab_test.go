//go:build lab

package schema_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLab asks the validators of an installed Nova. LAB_VENV is the virtual
// environment that holds it; LAB_SEED and LAB_PER choose other samples.
func TestLab(t *testing.T) {
	venv := os.Getenv("LAB_VENV")
	if venv == "" {
		t.Skip("LAB_VENV is not set")
	}
	env := func(name, def string) string {
		if v := os.Getenv(name); v != "" {
			return v
		}
		return def
	}
	cmd := exec.Command(filepath.Join(venv, "bin", "python"), "testdata/oracle.py",
		env("LAB_SEED", "1"), env("LAB_PER", "15"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	n := compare(t, bytes.NewReader(out))
	t.Logf("%d samples", n)
	if n < 400 {
		t.Errorf("only %d samples", n)
	}
}
