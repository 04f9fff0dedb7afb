package uwsgiini_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// What follows when a command fails depends on its stage, and on whether uWSGI has a master and its worker loads the
// application. TestLabFailingCommands of internal/cli compares it with uWSGI.
func TestFailure(t *testing.T) {
	for _, c := range []struct {
		lines string
		want  uwsgiini.Failure
	}{
		{"exec-asap = false\nmaster = true\nlazy-apps = true", uwsgiini.Ends},
		{"exec-as-user = false\nmaster = true\nlazy-apps = true", uwsgiini.Ends},
		{"hook-as-user = exec:false\nmaster = true\nlazy-apps = true", uwsgiini.Ends},
		{"exec-pre-app = false", uwsgiini.Ends},
		{"exec-pre-app = false\nmaster = true", uwsgiini.Ends},
		{"exec-pre-app = false\nlazy-apps = true", uwsgiini.Ends},
		{"exec-pre-app = false\nmaster = true\nlazy-apps = true", uwsgiini.Waits},
		{"exec-post-app = false\nmaster = true\nlazy = true", uwsgiini.Waits},
		{"exec-pre-app = false\nlog-master = false\nlazy-apps = true", uwsgiini.Waits},
		{"exec-pre-app = false\ntouch-reload = /a\nlazy-apps = true", uwsgiini.Waits},
		{"exec-pre-app = false\nlogger = file:/a\nlazy-apps = true", uwsgiini.Waits},
		{"exec-pre-app = false\nstats = /a\nmaster = off\nlazy-apps = true", uwsgiini.Ends},
		{"exec-pre-app = false\nmaster = true\nlazy-apps = No", uwsgiini.Ends},
		{"hook-pre-app = exec:false", uwsgiini.Ends},
		{"hook-pre-app = exec:false\nmaster = true", uwsgiini.Continues},
		{"hook-post-app = exec:false\nmaster = true\nlazy-apps = true", uwsgiini.EndsWell},
	} {
		file := filepath.Join(t.TempDir(), "x.ini")
		if err := os.WriteFile(file, []byte("[uwsgi]\n"+c.lines+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		config, err := uwsgiini.Parse([]string{file}, env)
		if err != nil {
			t.Fatal(err)
		}
		if got := config.Failure(config.Commands[0]); got != c.want {
			t.Errorf("%q: %d, not %d", c.lines, got, c.want)
		}
	}
}
