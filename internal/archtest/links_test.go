package archtest

import (
	"os/exec"
	"strings"
	"testing"
)

// imports are all packages that a pattern links.
func imports(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps"}, args...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %q: %v", args, err)
	}
	return strings.Fields(string(out))
}

// TestMetadataLinksLittle: nova-metadata is small because it links nothing of the
// compute API, of the embedded cloud only what --dev needs, and with the tag nosqlite
// no SQLite.
func TestMetadataLinksLittle(t *testing.T) {
	t.Parallel()
	allowed := []string{"internal/devcloud/guard", "internal/devcloud/guests"}
	for _, p := range imports(t, "./cmd/nova-metadata") {
		path, ours := strings.CutPrefix(p, module)
		if !ours {
			continue
		}
		if under(path, "compute") || under(path, "internal/devcloud") && path != allowed[0] && path != allowed[1] {
			t.Errorf("nova-metadata links %s", path)
		}
	}
	for _, p := range imports(t, "-tags", "nosqlite", "./cmd/nova-metadata") {
		if strings.HasPrefix(p, "modernc.org/") || strings.HasSuffix(p, "/sqlitedialect") {
			t.Errorf("nova-metadata with the tag nosqlite links %s", p)
		}
	}
}
