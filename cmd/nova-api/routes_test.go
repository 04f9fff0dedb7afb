package main_test

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/ROUTES.md anew")

// TestRoutesDocument compares docs/ROUTES.md with the rows.
func TestRoutesDocument(t *testing.T) {
	t.Parallel()
	const file = "../../docs/ROUTES.md"
	got, err := command(t, "routes", "--format", "markdown").Output()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/ROUTES.md is not what the rows say; write it anew with: go test ./cmd/nova-api -run TestRoutesDocument -update")
	}
}

func TestRoutesAreCounted(t *testing.T) {
	t.Parallel()
	got, err := command(t, "routes").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(got, []byte("\n263 operations\n")) || bytes.Count(got, []byte("\n")) < 263 {
		t.Errorf("%s", got)
	}
}
