package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// public are the packages that other modules may import.
var public = []string{"compute", "compute/devcloud", "config", "metadata", "paste"}

func TestPublicPackages(t *testing.T) {
	t.Parallel()
	var got []string
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		if !strings.HasPrefix(path, "cmd/") && !slices.Contains(strings.Split(path, "/"), "internal") {
			got = append(got, path)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, public) {
		t.Errorf("public are %v, want %v", got, public)
	}
}

// TestPublicSurface holds what the public packages export against the golden files,
// which are reviewed when they change: go test ./internal/archtest -update
func TestPublicSurface(t *testing.T) {
	t.Parallel()
	inside := internalNames(t)
	for _, path := range public {
		doc, err := exec.Command("go", "doc", "-all", module+path).CombinedOutput()
		if err != nil {
			t.Fatalf("go doc %s: %v: %s", path, err, doc)
		}
		for line := range strings.Lines(string(doc)) {
			if strings.HasPrefix(line, "func ") || strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "var ") {
				code, _, _ := strings.Cut(line, "//")
				code, _, _ = strings.Cut(code, "`") // the tag of a field
				if name := inside.FindString(code); name != "" {
					t.Errorf("%s exports something with the internal %s: %s", path, name, line)
				}
			}
		}
		golden := filepath.Join("testdata", strings.ReplaceAll(path, "/", "_")+".txt")
		if *update {
			if err := os.WriteFile(golden, doc, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != string(doc) {
			t.Errorf("what %s exports has changed: review it, and run go test ./internal/archtest -update", path)
		}
	}
}

// internalNames finds names of the module's internal packages in Go code.
func internalNames(t *testing.T) *regexp.Regexp {
	t.Helper()
	var names []string
	for _, p := range packages(t) {
		if elements := strings.Split(strings.TrimPrefix(p.ImportPath, module), "/"); slices.Contains(elements, "internal") {
			names = append(names, elements[len(elements)-1])
		}
	}
	return regexp.MustCompile(`\b(` + strings.Join(names, "|") + `)\.[A-Z]\w*`)
}
