package paste_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/paste"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "paste.ini")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFactoryErrorNamesItsPlace(t *testing.T) {
	bad := errors.New("no colours today")
	file := write(t, "[pipeline:main]\npipeline = f a\n[filter:f]\npaste.filter_factory = m:f\n[app:a]\npaste.app_factory = stand:app\n")
	_, err := paste.Load(file, "", paste.Registry{
		"stand:app": standApp("stand:app"),
		"m:f":       paste.Filter(func(_, _ paste.Conf) (func(http.Handler) http.Handler, error) { return nil, bad }),
	}, paste.Options{})
	var e *paste.Error
	if !errors.Is(err, bad) || !errors.As(err, &e) || e.File != file || e.Section != "filter:f" || e.Factory != "m:f" || e.Line != 3 {
		t.Errorf("got %v (%+v)", err, e)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

func TestSentinels(t *testing.T) {
	for text, want := range map[string]error{
		"[app:main]\npaste.app_factory = missing:x\n": paste.ErrUnknownFactory,
		"[app:other]\n":          paste.ErrNoSection,
		"[app:main]\nuse = main": paste.ErrLoop,
		"main\n":                 paste.ErrSyntax,
		"[app:main]\nx = \xff\n": paste.ErrSyntax,
	} {
		_, err := paste.Load(write(t, text), "", standIns(text), paste.Options{})
		if !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
	if _, err := paste.Load(filepath.Join(t.TempDir(), "none.ini"), "", nil, paste.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestGlobalOption(t *testing.T) {
	file := write(t, "[DEFAULT]\na = file\n[app:main]\npaste.app_factory = stand:app\nx = %(a)s %(b)s\n")
	h, err := paste.Load(file, "", standIns(""), paste.Options{Global: paste.Conf{"a": "caller", "b": "caller"}})
	if err != nil {
		t.Fatal(err)
	}
	b := h.(*built)
	if b.Local["x"] != "file caller" || b.Global["a"] != "caller" || b.Global["b"] != "caller" {
		t.Errorf("got %+v", b)
	}
}

func TestServer(t *testing.T) {
	file := write(t, "[server:main]\npaste.server_factory = m:s\nport = 1\n[server:runner]\nuse = egg:M#r\nport = 2\n")
	var got []string
	r := paste.Registry{
		"m:s": paste.Server(func(_, l paste.Conf) (func(http.Handler) error, error) {
			return func(http.Handler) error { got = append(got, "server "+l["port"]); return nil }, nil
		}),
		"m#r": paste.ServerRunner(func(_ http.Handler, _, l paste.Conf) error {
			got = append(got, "runner "+l["port"])
			return nil
		}),
	}
	for _, name := range []string{"", "runner"} {
		serve, err := paste.LoadServer(file, name, r, paste.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := serve(http.NotFoundHandler()); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(got, ", ") != "server 1, runner 2" {
		t.Errorf("got %q", got)
	}
}

// FuzzLoad looks for panics, hangs and for files that Describe and Load disagree on.
func FuzzLoad(f *testing.F) {
	cases, _ := filepath.Glob("testdata/*.pastetest")
	for _, path := range cases {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		text, _, _ := strings.Cut(string(raw), divider)
		f.Add(text)
	}
	file := filepath.Join(f.TempDir(), "paste.ini")
	f.Fuzz(func(t *testing.T, text string) {
		// Other files of the machine are no part of the input.
		text = strings.ReplaceAll(text, "config", "konfig")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Skip()
		}
		r := standIns(text)
		n, err := paste.Describe(file, "", r, paste.Options{})
		h, loadErr := paste.Load(file, "", r, paste.Options{})
		if (err == nil) != (loadErr == nil) {
			t.Fatalf("Describe: %v\nLoad: %v", err, loadErr)
		}
		if err == nil && !strings.EqualFold(toJSON(asBuilt(n), "", ""), toJSON(h, "", "")) {
			t.Fatalf("Describe:\n%s\nLoad:\n%s", toJSON(asBuilt(n), "", ""), toJSON(h, "", ""))
		}
	})
}
