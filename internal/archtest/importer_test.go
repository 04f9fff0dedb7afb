package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// TestImporter builds a module of somebody else, which has this one in its go.mod and
// uses everything that the public packages export.
func TestImporter(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	self := strings.TrimSuffix(module, "/")
	needs := strings.Replace(string(mod), "module "+self, "module example.com/importer", 1)
	if needs == string(mod) {
		t.Fatalf("go.mod is not of %s", self)
	}
	needs += fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n", self, self, root)

	var imports, uses strings.Builder
	for _, p := range public {
		fmt.Fprintf(&imports, "\t%q\n", module+p)
		names := exported(t, filepath.Join(root, p), path.Base(p))
		if len(names) == 0 {
			t.Errorf("%s exports nothing", p)
		}
		for _, name := range names {
			fmt.Fprintf(&uses, "\t%s\n", name)
		}
	}
	source := "package main\n\nimport (\n" + imports.String() + ")\n\nfunc main() {\n" + uses.String() + "}\n"
	for name, text := range map[string]string{"go.mod": needs, "go.sum": string(sum), "main.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "vet", ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, source)
	}
}

// exported are statements that use what a package exports: its functions, variables,
// constants and types, and their methods.
func exported(t *testing.T, dir, name string) (uses []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				uses = append(uses, useOfFunc(d, name)...)
			case *ast.GenDecl:
				for _, s := range d.Specs {
					uses = append(uses, useOfSpec(s, name)...)
				}
			}
		}
	}
	return uses
}

func useOfFunc(d *ast.FuncDecl, pkg string) []string {
	switch {
	case !d.Name.IsExported():
		return nil
	case d.Recv == nil:
		return []string{"_ = " + pkg + "." + d.Name.Name}
	}
	of := d.Recv.List[0].Type
	star, pointer := of.(*ast.StarExpr)
	if pointer {
		of = star.X
	}
	name, ok := of.(*ast.Ident)
	if !ok || !name.IsExported() {
		return nil
	}
	return []string{"_ = (*" + pkg + "." + name.Name + ")." + d.Name.Name}
}

func useOfSpec(s ast.Spec, pkg string) (uses []string) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() {
			uses = append(uses, "_ = *new("+pkg+"."+s.Name.Name+")")
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() {
				uses = append(uses, "_ = "+pkg+"."+name.Name)
			}
		}
	}
	return uses
}
