package archtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write THIRD_PARTY_LICENSES and the golden files of the public packages anew")

const licensesFile = root + "/THIRD_PARTY_LICENSES"

// papers are the names of files that have to go with a binary.
var papers = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-._].*)?$|(?i)-licen[cs]e(\..*)?$`)

// notText are the ends of names of sources that are called like a license.
var notText = []string{".go", ".tmpl", ".html"}

// linked are the packages of a pattern as they are linked on Linux: what the test
// sees does not depend on where it runs.
type linked struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
	}
}

func dependencies(t *testing.T, args ...string) []linked {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Dir,Standard,Module"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []linked
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p linked
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// texts are the licenses and notices in a directory.
func texts(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() || !papers.MatchString(e.Name()) || slices.Contains(notText, filepath.Ext(e.Name())) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	return list
}

// directories are where the licenses of a package may be: its directory and those
// above it, up to the root of its module.
func directories(p linked) []string {
	var list []string
	for dir := p.Dir; strings.HasPrefix(dir, p.Module.Dir); dir = filepath.Dir(dir) {
		list = append(list, dir)
	}
	return list
}

// TestThirdPartyLicenses holds THIRD_PARTY_LICENSES against the modules that both
// commands link. go test ./internal/archtest -run TestThirdPartyLicenses -update
// writes it anew.
func TestThirdPartyLicenses(t *testing.T) {
	t.Parallel()
	of := map[string][]string{} // text: the modules that it is about
	modules := map[string]int{} // module: how many texts it has
	note := func(module, text string) {
		if !slices.Contains(of[text], module) {
			of[text] = append(of[text], module)
			modules[module]++
		}
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	own := texts(t, strings.TrimSpace(string(goroot)))
	if len(own) == 0 {
		t.Skip("this installation of Go comes without its license")
	}
	for _, text := range own {
		note("the Go standard library", text)
	}
	seen := map[string]bool{}
	for _, p := range dependencies(t, "./cmd/...") {
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		name := p.Module.Path + " " + p.Module.Version
		modules[name] += 0
		for _, dir := range directories(p) {
			if seen[dir] {
				continue
			}
			seen[dir] = true
			for _, text := range texts(t, dir) {
				note(name, text)
			}
		}
	}
	for name, n := range modules {
		if n == 0 {
			t.Errorf("%s has no license", name)
		}
	}
	want := document(of, modules)
	if *update {
		if err := os.WriteFile(licensesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(licensesFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("THIRD_PARTY_LICENSES is not about the modules that are linked: go test ./internal/archtest -run TestThirdPartyLicenses -update, and read the difference")
	}
}

func document(of map[string][]string, modules map[string]int) string {
	var b strings.Builder
	b.WriteString("nova-api and nova-metadata contain the software below, under the licenses that\nfollow the list. This file goes with the binaries and with images of them.\n\n")
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		fmt.Fprintf(&b, "  %s\n", name)
	}
	for _, list := range of {
		slices.Sort(list)
	}
	byModules := func(a, b string) int { return cmp.Or(slices.Compare(of[a], of[b]), cmp.Compare(a, b)) }
	for _, text := range slices.SortedFunc(maps.Keys(of), byModules) {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", strings.Repeat("=", 78), strings.Join(of[text], "\n"), strings.Repeat("-", 78), text)
	}
	return b.String()
}
