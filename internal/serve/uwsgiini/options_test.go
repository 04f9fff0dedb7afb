package uwsgiini_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// samples are values of options that are done; the others have the value 1.
var samples = map[string]string{
	"socket": "127.0.0.1:1", "uwsgi-socket": "127.0.0.1:1", "http": "127.0.0.1:1", "httprouter": "127.0.0.1:1", "http-socket": "127.0.0.1:1",
	"http11-socket": "127.0.0.1:1", "fastcgi-socket": "127.0.0.1:1", "scgi-socket": "127.0.0.1:1", "https": "127.0.0.1:1,c,k",
	"https-socket": "127.0.0.1:1,c,k", "https2": "127.0.0.1:1,c,k", "protocol": "scgi", "socket-protocol": "scgi", "umask": "027", "env": "A=b",
	"add-header": "A: b", "module": "nova.wsgi.metadata", "wsgi": "nova.wsgi.metadata", "wsgi-file": "nova-metadata-wsgi",
	"file": "nova-metadata-wsgi", "logger": "file:/a", "req-logger": "file:/a", "logger-req": "file:/a", "route-user-agent": "^a donotlog:",
	"hook-asap": "exec:a", "hook-pre-jail": "exec:a", "hook-in-jail": "exec:a", "hook-as-root": "exec:a", "hook-as-user": "exec:a",
	"hook-pre-app": "exec:a", "hook-post-app": "exec:a", "hook-as-user-atexit": "exec:a", "set": "socket=127.0.0.1:1", "ini": "DIR/other.ini",
	"include": "DIR/other.ini", "inherit": "DIR/other.ini", "abstract-socket": "true",
}

// unseen are options that are done and that do not show in the configuration, with the test that has them.
var unseen = map[string]string{
	"version": "TestUWSGIControl", "reload": "TestUWSGIControl", "stop": "TestUWSGIControl", "strict": "TestErrors",
	"set-placeholder": "TestFiles", "set-ph": "TestFiles", "log-reopen": "TestUWSGILogto",
	"master": "TestFailure", "lazy-apps": "TestFailure", "lazy": "TestFailure",
	"hook-master-start": "TestFiles", // SIGTERM always lets requests end; other actions are said
}

// Each option of uWSGI is done, or needs nothing, or is said once in a warning, or refused; none of the others is silent.
func TestOptions(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "other.ini"), []byte("[uwsgi]\nsocket = 127.0.0.1:2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	parse := func(lines string) (shown string, warnings []string, err error) {
		file := filepath.Join(dir, "x.ini")
		if err := os.WriteFile(file, []byte("[uwsgi]\nsocket = a\n"+strings.ReplaceAll(lines, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := uwsgiini.Parse([]string{file}, env)
		if err != nil {
			return "", nil, err
		}
		warnings, c.Warnings = c.Warnings, nil
		b, err := json.Marshal(c)
		return string(b), warnings, err
	}
	base, _, err := parse("")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for name, o := range uwsgiini.Options() {
		count[o.Treatment]++
		line := name + " = " + cmp.Or(samples[name], "1") + "\n"
		shown, warnings, err := parse(line + line)
		if o.Treatment != "done" && o.Reason == "" {
			t.Errorf("%s: %s without a reason", name, o.Treatment)
		}
		ok := false
		switch o.Treatment {
		case "done":
			ok = unseen[name] != "" || err == nil && shown != base
		case "none":
			ok = err == nil && shown == base && len(warnings) == 0
		case "said":
			ok = err == nil && shown == base && len(warnings) == 1 && strings.Contains(warnings[0], ": "+name+" is left out: "+o.Reason)
		case "refused":
			ok = err != nil && strings.Contains(err.Error(), name+": "+o.Reason)
		}
		if !ok {
			t.Errorf("%s is %s: %v, changed: %v, %q", name, o.Treatment, err, shown != base, warnings)
		}
	}
	t.Log(count)
}
