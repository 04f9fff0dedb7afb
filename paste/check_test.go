package paste_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/paste"
)

func TestCheck(t *testing.T) {
	const text = `[composite:main]
use = egg:Paste#urlmap
/a: one
/b: two
[pipeline:one]
pipeline = f1 f2 app
[pipeline:two]
pipeline = f2 f3 app
[filter:f1]
paste.filter_factory = missing.one:factory
[filter:f2]
use = egg:missing#two
[filter:f3]
paste.filter_factory = stand:filter
[app:app]
paste.app_factory = stand:app
[app:dead]
paste.app_factory = missing.app:factory
[pipeline:deadtoo]
pipeline = nothing app
[server:main]
use = egg:missing#server
[else:where]
use = egg:missing#three
`
	file := filepath.Join(t.TempDir(), "paste.ini")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	show := func(list []paste.Problem) string {
		var out []string
		for _, p := range list {
			out = append(out, p.Section+" "+p.Factory)
		}
		return strings.Join(out, ", ")
	}
	reached, unreached := paste.Check(file, "main", standIns(""), paste.Options{})
	if got := show(reached); got != "filter:f1 missing.one:factory, filter:f2 missing#two" {
		t.Errorf("reached: %s", got)
	}
	if got := show(unreached); got != "app:dead missing.app:factory, pipeline:deadtoo , server:main missing#server" {
		t.Errorf("unreached: %s", got)
	}
	if reached, unreached = paste.Check(file+"x", "main", nil, paste.Options{}); len(reached) != 1 || unreached != nil {
		t.Errorf("no file: %v %v", reached, unreached)
	}
	for text, want := range map[string]bool{text: true, "[DEFAULT]\n[api]\n[cors.x]\n": false, "# [app:x]\n": false, "[app]\n": false, "[filter:x]": true} {
		if paste.IsPasteFile(text) != want {
			t.Errorf("%q", text)
		}
	}
}
