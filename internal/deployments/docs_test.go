package deployments_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each deployment has a page, which docs/operating.md links to. It links to the files that the deployer needs, which exist.
func TestPages(t *testing.T) {
	t.Parallel()
	operating, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == "images" { // in the place of those that layers are on
			continue
		}
		page := "deployers/" + e.Name() + ".md"
		text, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(operating), "("+page+")") {
			t.Errorf("docs/operating.md does not link to %s", page)
		}
		for _, part := range []string{"**Change.**", "**Seen.**", "**Back.**"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s has no %s", page, part)
			}
		}
		for _, m := range regexp.MustCompile(`\]\((\.\./[^)#]+)`).FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join("../../docs/deployers", m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
		files, err := filepath.Glob(filepath.Join(repository, layers, e.Name(), "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if filepath.Base(file) != "root" && !strings.Contains(string(text), "(../../"+layers+e.Name()+"/"+filepath.Base(file)) {
				t.Errorf("%s does not link to %s", page, file)
			}
		}
	}
}
