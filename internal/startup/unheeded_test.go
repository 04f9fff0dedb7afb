package startup_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/startup"
)

const module = "github.com/nova-go/nova/"

// listed is what the go command tells of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles, Imports        []string
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Imports", module+"cmd/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// lookers read the configuration to show or to check it, or for a cloud of their
// own: that heeds nothing.
var lookers = []string{"internal/inspect", "internal/devcloud", "internal/lab"}

// fieldsRead lists the fields of package config's structs, as "Database.MaxRetries",
// that the code of the two processes reads.
func fieldsRead(t *testing.T) map[string]bool {
	t.Helper()
	list := listPackages(t)
	exports := map[string]string{}
	for _, p := range list {
		exports[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	configuration, err := imports.Import(module + "config")
	if err != nil {
		t.Fatal(err)
	}
	owner := map[types.Object]string{}
	for _, name := range configuration.Scope().Names() {
		if s, ok := configuration.Scope().Lookup(name).Type().Underlying().(*types.Struct); ok {
			for i := range s.NumFields() {
				owner[s.Field(i)] = name + "." + s.Field(i).Name()
			}
		}
	}
	read := map[string]bool{}
	for _, p := range list {
		if !slices.Contains(p.Imports, module+"config") || slices.ContainsFunc(lookers, func(l string) bool { return strings.HasPrefix(p.ImportPath, module+l) }) {
			continue
		}
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		info := types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}
		if _, err := (&types.Config{Importer: imports}).Check(p.ImportPath, fset, files, &info); err != nil {
			t.Fatal(err)
		}
		for _, s := range info.Selections {
			if name := owner[s.Obj()]; name != "" {
				read[name] = true
			}
		}
	}
	return read
}

// optionFields calls f for every option of a group's struct.
func optionFields(group reflect.Type, f func(field, option string)) {
	for i := range group.NumField() {
		field := group.Field(i)
		if field.Anonymous {
			optionFields(field.Type, f)
			continue
		}
		if option := field.Tag.Get("opt"); option != "" {
			f(group.Name()+"."+field.Name, option)
		}
	}
}

// TestOptionsAreHeeded tells of options that are declared, and that neither the code
// reads nor the list says to mean nothing here; and of those that stand in both,
// unless operators are told about them.
func TestOptionsAreHeeded(t *testing.T) {
	t.Parallel()
	read := fieldsRead(t)
	unheeded := map[string]startup.Unheeded{}
	for _, u := range startup.UnheededOptions() {
		for _, o := range u.Options {
			if _, twice := unheeded[u.Group+" "+o]; twice || u.Why == "" {
				t.Errorf("[%s] %s stands twice in the list of unheeded options, or without a reason", u.Group, o)
			}
			unheeded[u.Group+" "+o] = u
		}
	}
	c := reflect.TypeFor[config.Config]()
	for i := range c.NumField() {
		group := c.Field(i).Tag.Get("group")
		if group == "" {
			continue
		}
		optionFields(c.Field(i).Type, func(field, option string) {
			u, listed := unheeded[group+" "+option]
			delete(unheeded, group+" "+option)
			switch {
			case !read[field] && !listed:
				t.Errorf("[%s] %s is declared, and nothing reads it: heed it, or say in unheeded.go why not", group, option)
			case read[field] && listed && u.Told == "":
				t.Errorf("[%s] %s is read, and stands in the list of unheeded options", group, option)
			}
		})
	}
	for o := range unheeded {
		t.Errorf("%s is not declared, and stands in the list of unheeded options", o)
	}
}

func TestUnheededIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, logging := filepath.Join(dir, "nova.conf"), filepath.Join(dir, "logging.conf")
	if err := os.WriteFile(logging, []byte("[loggers]\nkeys=root\n[handlers]\nkeys=h\n[formatters]\nkeys=\n[logger_root]\nhandlers=h\n[handler_h]\nclass=fluent.handler.FluentHandler\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("[DEFAULT]\nlog_config_append = "+logging+"\ninstance_uuid_format = x\nmy_ip = 192.0.2.1\n[profiler]\nenabled = true\nconnection_string = elasticsearch://es:9200\n[database]\nconnection_trace = true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	names := func(list []config.Problem) (s string) {
		for _, p := range list {
			s += fmt.Sprintf(" %s/%s:%d", p.Group, p.Option, p.Line)
		}
		return s
	}
	told, quiet := startup.UnheededIn(c)
	if got := names(told); got != " profiler/connection_string:7 DEFAULT/log_config_append:2" {
		t.Errorf("told:%s", got)
	}
	if got := names(quiet); got != " DEFAULT/my_ip:4 DEFAULT/instance_uuid_format:3 database/connection_trace:9" {
		t.Errorf("quiet:%s", got)
	}
}
