package paste_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/paste"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

const (
	divider    = "----------\n"
	fileMarker = "---- file " // begins a further file of the case
	nameMarker = "---- name " // the application to load, else main
	skipMarker = "---- skip"  // skip unknown filters
)

// TestFiles runs testdata/*.pastetest: a paste file, a line of ten dashes, and
// what Describe says or the error. Lines with four dashes before that give
// further files and options.
func TestFiles(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.pastetest")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".pastetest"), func(t *testing.T) { runFile(t, path) })
	}
}

func runFile(t *testing.T, path string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	input, want, ok := strings.Cut(string(raw), divider)
	if !ok && !*update {
		t.Fatal("no line of ten dashes")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "paste.ini")
	files := map[string]string{}
	current, name, options := "paste.ini", "main", paste.Options{Global: paste.Conf{}}
	var warnings []string
	for line := range strings.Lines(input) {
		if rest, ok := strings.CutPrefix(line, fileMarker); ok {
			current = strings.TrimSpace(rest)
		} else if rest, ok := strings.CutPrefix(line, nameMarker); ok {
			name = strings.TrimSpace(rest)
		} else if strings.HasPrefix(line, skipMarker) {
			options.UnknownFilters = paste.Skip
			options.Warn = func(p paste.Problem) { warnings = append(warnings, p.Error()) }
		} else {
			files[current] += line
		}
	}
	all := ""
	for f, text := range files {
		all += text
		if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	registry := standIns(all)
	node, err := paste.Describe(file, name, registry, options)
	app, loadErr := paste.Load(file, name, registry, options)
	if (err == nil) != (loadErr == nil) || err != nil && err.Error() != loadErr.Error() {
		t.Errorf("Describe says %v, Load says %v", err, loadErr)
	}
	got := ""
	if err != nil {
		var located *paste.Error
		if !errors.As(err, &located) {
			t.Errorf("%T is no *paste.Error", err)
		}
		got = "error: " + strings.ReplaceAll(strings.ReplaceAll(err.Error(), file, "$FILE"), dir, "$DIR") + "\n"
	} else {
		// An egg's name may be spelled in any case.
		if b := asBuilt(node); !strings.EqualFold(toJSON(b, dir, file), toJSON(app, dir, file)) {
			t.Errorf("Load built\n%s\nbut Describe says\n%s", toJSON(app, dir, file), toJSON(b, dir, file))
		}
		plainGlobals(node, dir, file)
		got = toJSON(node, dir, file)
		for i := range len(warnings) / 2 { // Describe's, then Load's again
			got += "warning: " + strings.ReplaceAll(warnings[i], file, "$FILE") + "\n"
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(input+divider+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
