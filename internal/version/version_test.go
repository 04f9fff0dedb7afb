package version_test

import (
	"slices"
	"testing"

	"github.com/nova-go/nova/internal/version"
)

func TestLines(t *testing.T) {
	b := version.Build{Revision: "0123456789ab", Modified: true, Tags: "nosqlite"}
	lines := b.Lines()
	for _, want := range []string{"version: " + version.Number, "revision: 0123456789ab (modified)", "tags: nosqlite"} {
		if !slices.Contains(lines, want) {
			t.Errorf("%q is missing in %q", want, lines)
		}
	}
	for _, line := range lines {
		if line == "module: " || line == "time: " {
			t.Errorf("%q tells nothing", line)
		}
	}
}
