package deployments_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each deployment has a page, which docs/operating.md links to. Files that a page shows are those with which the tests start.
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
		for _, m := range regexp.MustCompile("(?s)<!-- file: (\\S+) -->\n```[a-z]+\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
			if b, err := os.ReadFile(filepath.Join("testdata", m[1])); err != nil || string(b) != m[2] {
				t.Errorf("%s: the file is not that of testdata/%s (%v)", page, m[1], err)
			}
		}
	}
}
