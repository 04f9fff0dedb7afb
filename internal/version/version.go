// Package version has the version of the programs and their build information.
package version

import (
	"runtime"
	"runtime/debug"
)

// Number is the version of both programs. It is independent of Nova's, which is
// release.Newest.
const Number = "0.1.0"

// Build is the build information that Go's linker writes into a program. Unknown fields are
// empty.
type Build struct {
	Module   string // version of the module, if it was built as a dependency
	Revision string // of the source
	Time     string // of the revision
	Modified bool   // whether the source differs from the revision
	Tags     string // build tags
}

// Read returns the build information of the running program.
func Read() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Build{}
	}
	return readFrom(info)
}

func readFrom(info *debug.BuildInfo) Build {
	var b Build
	if info.Main.Version != "(devel)" {
		b.Module = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "-tags":
			b.Tags = s.Value
		}
	}
	return b
}

// Lines returns the known build information as "name: value" lines.
func (b Build) Lines() []string {
	revision := b.Revision
	if b.Modified {
		revision += " (modified)"
	}
	lines := []string{"version: " + Number}
	for _, one := range []struct{ name, value string }{
		{"module", b.Module}, {"revision", revision}, {"time", b.Time}, {"tags", b.Tags},
		{"go", runtime.Version()}, {"platform", runtime.GOOS + "/" + runtime.GOARCH},
	} {
		if one.value != "" {
			lines = append(lines, one.name+": "+one.value)
		}
	}
	return lines
}
