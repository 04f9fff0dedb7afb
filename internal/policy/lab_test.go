//go:build lab

package policy_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLab asks the policy engine of an installed Nova; LAB_VENV is the virtual
// environment that holds it.
func TestLab(t *testing.T) {
	venv := os.Getenv("LAB_VENV")
	if venv == "" {
		t.Skip("LAB_VENV is not set")
	}
	cmd := exec.Command(filepath.Join(venv, "bin", "python"), "testdata/oracle.py")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d decisions", compare(t, bytes.NewReader(out)))
}
