//go:build lab

package pytables_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLabTables confirms that tables.py writes the same tables with the Python environment of the lab.
func TestLabTables(t *testing.T) {
	python := os.Getenv("LAB_PYTHON")
	if python == "" {
		t.Skip("LAB_PYTHON names no Python with Nova")
	}
	made := t.TempDir()
	if out, err := exec.Command(python, "tables.py", made).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	names := map[string]bool{}
	for _, directory := range []string{"tables", made} {
		found, err := os.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			names[f.Name()] = true
		}
	}
	if len(names) < 10 {
		t.Errorf("only %d tables", len(names))
	}
	for name := range names {
		kept, err := os.ReadFile(filepath.Join("tables", name))
		if err != nil {
			t.Error(err)
			continue
		}
		written, err := os.ReadFile(filepath.Join(made, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(kept, written) {
			t.Errorf("%s differs from what Python gives", name)
		}
	}
}
