//go:build lab

package paste_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/paste"
)

// TestAgainstPasteDeploy gives generated files to us and to the PasteDeploy of
// $LAB_VENV: both accept the same ones and build the same out of them.
func TestAgainstPasteDeploy(t *testing.T) {
	python := filepath.Join(os.Getenv("LAB_VENV"), "bin", "python")
	if _, err := os.Stat(python); os.Getenv("LAB_VENV") == "" || err != nil {
		t.Skip("LAB_VENV names no Python environment with PasteDeploy in it")
	}
	type item struct {
		File string `json:"file"`
		Name string `json:"name"`
		text string
	}
	const count = 4000
	dir := t.TempDir()
	var items []item
	for i := range count {
		g := &generator{rand.New(rand.NewPCG(20, uint64(i)))}
		sub := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		it := item{File: filepath.Join(sub, "paste.ini"), Name: "main", text: g.file()}
		if err := os.WriteFile(it.File, []byte(it.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(sub, "other.ini"), []byte(g.file()), 0o600); err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	input, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/pastedeploy.py")
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	if len(lines) != count {
		t.Fatalf("%d answers for %d files", len(lines), count)
	}
	registry := standIns("")
	registry["stand:wrap"] = standFilterApp("stand:wrap")
	registry["stand:Class.factory"] = standFilter("stand:Class.factory")
	delete(registry, "Paste#urlmap")
	accepted, odd, failures := 0, 0, 0
	for i, it := range items {
		var theirs struct {
			Tree       *built
			Error, Odd string
		}
		if err := json.Unmarshal(lines[i], &theirs); err != nil {
			t.Fatal(err)
		}
		h, err := paste.Load(it.File, it.Name, registry, paste.Options{})
		switch {
		case theirs.Odd != "":
			odd++
			continue
		case (theirs.Error == "") == (err == nil) && err != nil:
			continue
		case theirs.Error == "" && err == nil:
			accepted++
			if toJSON(h, dir, "") == toJSON(theirs.Tree, dir, "") {
				continue
			}
			t.Errorf("%s\nours:\n%s\ntheirs:\n%s", it.text, toJSON(h, dir, ""), toJSON(theirs.Tree, dir, ""))
		default:
			t.Errorf("%s\nours: %v\ntheirs: %q", it.text, err, theirs.Error)
		}
		if failures++; failures == 5 {
			t.FailNow()
		}
	}
	t.Logf("%d files: %d accepted by both, %d accepted by PasteDeploy without use", count, accepted, odd)
	if accepted < count/10 {
		t.Errorf("only %d of %d files are good: the comparison says little", accepted, count)
	}
}

// generator writes paste files that are mostly right.
type generator struct{ *rand.Rand }

func (g *generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) app() string {
	return g.pick("a", "a", "b", "b", "c", "d", "p", "q", "m", "m2", "fa", "egg:Stand", "egg:stand#app", "egg:Stand#both",
		g.pick("config:other.ini", "config:other.ini#a", "config:other.ini#m", "config:paste.ini#b", "config:%(here)s/other.ini#c",
			"main", "nope", "call:stand:app", "egg:Stand#filter", "config:none.ini", "f"))
}

func (g *generator) filter() string {
	return g.pick("f", "g", "h", "f", "g", "h", "f2", "egg:Stand#filter", "egg:STAND#wrap", "egg:Stand#both",
		g.pick("config:other.ini#f", "nope", "a", "call:stand:filter", "egg:Stand#app"))
}

func (g *generator) value() string {
	return g.pick("1", "x y", "", "a=b:c", "%(here)s/x", "%(glob)s", "100%%", "%(x)s", "a ; b", "\"q\"", "'q'", "`t", "\"\"\"u",
		"back\\", "one\n  two\n\n  three", "one\n  # comment\n  two", "\n  below", "é", "a\u00a0", g.pick("50%", "%(nope)s", "%(", "%(a b)s", "[x]"))
}

func (g *generator) options() string {
	s := ""
	used := map[string]bool{}
	for range g.IntN(4) {
		k := g.pick("x", "y", "X", "x.y", "glob", "set glob", "set x", "set new", "get z", "get x", "-", "\"k\"", "k k", "y")
		if used[k] && !g.chance(3) {
			continue
		}
		used[k] = true
		v := g.value()
		if strings.HasPrefix(k, "get") {
			v = g.pick("glob", "glob", "here", "new", "glob2")
		}
		s += k + g.pick(" = ", "=", ": ", " : ", " =\t") + v + "\n" + g.pick("", "", "", "\n", "# c\n", "  ; c\n")
	}
	if g.chance(8) {
		s += "filter-with = " + g.filter() + "\n"
	}
	if g.chance(3) {
		s += "require = " + g.pick("Stand", "stand\n") + "\n"
	}
	return s
}

func (g *generator) section(kind, name string) string {
	s := "[" + kind + ":" + g.pick("", "", "", " ") + name + g.pick("", "", " ") + "]" + g.pick("", "", " # x") + "\n"
	switch kind {
	case "app", "application":
		s += g.pick("paste.app_factory = stand:app", "paste.app_factory: stand : app [x]", "use = egg:Stand", "use = call:stand:app",
			"use = "+g.app(), "paste.composite_factory = stand:map", "paste.app_factory = missing:app") + "\n"
	case "filter":
		s += g.pick("paste.filter_factory = stand:filter", "paste.filter_app_factory = stand:wrap", "use = egg:Stand#filter",
			"use = call:stand:filter", "use = "+g.filter(), "paste.filter_factory = stand:Class.factory",
			g.pick("paste.filter_factory = missing:f", "use = call:stand:Class.factory", "")) + "\n"
	case "composite", "composit":
		if g.chance(40) {
			s += g.pick("use = egg:Stand#pipeline", "use = call:stand:pipeline", "paste.composit_factory = stand:pipeline") + "\n"
			s += g.pick("keystone", "keystone", "default", "other") + " = " + g.list() + "\n"
			return s
		}
		s += g.pick("use = egg:Stand#map", "use = call:stand:map", "paste.composite_factory = stand:map") + "\n"
		for i := range g.IntN(4) {
			s += g.pick("/", "/v%d", "/v%d/+", "domain d%d /x", "domain d port %d", "x%d", "port 1 /%d", "http//%d") + "= " + g.app() + "\n"
			s = strings.ReplaceAll(s, "%d", fmt.Sprint(i))
		}
		if g.chance(5) {
			s += "set glob = inner\n"
		}
		return s
	case "pipeline":
		s += "pipeline = " + g.list() + "\n"
		if g.chance(10) {
			s += g.options()
		}
		return s
	case "filter-app":
		s += g.pick("use = "+g.filter(), "paste.filter_factory = stand:filter", "use = call:stand:filter") + "\nnext = " + g.app() + "\n"
	}
	return s + g.options()
}

func (g *generator) list() string {
	s := ""
	for range g.IntN(4) {
		s += g.filter() + g.pick(" ", " ", "  ", "\n    ")
	}
	if g.chance(97) {
		s += g.app()
	}
	return s
}

func (g *generator) file() string {
	var parts []string
	if g.chance(60) {
		s := "[DEFAULT]\nglob = " + g.pick("1", "%(here)s", "%(glob2)s", "100%%") + "\nglob2 = " + g.pick("two", "%(__file__)s") + "\n"
		if g.chance(5) {
			s += g.options()
		}
		parts = append(parts, s)
	}
	parts = append(parts, g.section(g.pick("app", "composite", "pipeline", "pipeline", "filter-app", "composit", "application"), "main"))
	for _, name := range []string{"a", "b", "c", "d"} {
		parts = append(parts, g.section(g.pick("app", "app", "app", "application"), name))
	}
	parts = append(parts, g.section("pipeline", "p"), g.section("pipeline", "q"), g.section("composite", "m"),
		g.section("composit", "m2"), g.section("filter-app", "fa"))
	for _, name := range []string{"f", "g", "h", "f2"} {
		parts = append(parts, g.section("filter", name))
	}
	if g.chance(3) {
		parts = append(parts, g.section(g.pick("app", "filter", "pipeline"), g.pick("a", "f", "p")))
	}
	g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	text := strings.Join(parts, g.pick("", "\n"))
	if g.chance(25) { // break something
		lines := strings.SplitAfter(text, "\n")
		i := g.IntN(len(lines))
		switch g.IntN(6) {
		case 0:
			lines[i] = ""
		case 1:
			lines[i] += lines[i]
		case 2:
			lines[i] = " " + lines[i]
		case 3:
			lines[i] = "\t# " + lines[i]
		case 4:
			lines[i] = g.pick("=", "[", "]", "[]\n", "x\n", ":x\n", "[x\n", "\x1f", "\u2028", "\r", "\ufeff", "\x00") + lines[i]
		case 5:
			lines[i] = strings.TrimSuffix(lines[i], "\n")
		}
		text = strings.Join(lines, "")
	}
	if g.chance(5) {
		text = strings.ReplaceAll(text, "\n", g.pick("\r\n", "\r"))
	}
	return text
}
