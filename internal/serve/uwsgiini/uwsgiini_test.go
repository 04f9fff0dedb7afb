package uwsgiini_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

var update = flag.Bool("update", false, "write the expectations anew")

func env(name string) (string, bool) {
	if name == "BIND" {
		return "127.0.0.1", true
	}
	return "", false
}

func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.ini")
	if err != nil || len(files) < 7 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, err := uwsgiini.Parse([]string{"--ini", file}, env)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(c, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			expectation := strings.TrimSuffix(file, ".ini") + ".json"
			if *update {
				if err := os.WriteFile(expectation, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(expectation)
			if err != nil || strings.TrimSpace(string(want)) != string(got) {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

func TestCommandLine(t *testing.T) {
	c, err := uwsgiini.Parse([]string{"--procname-prefix", "nova-api", "-p", "4", "--master", "--http-socket=127.0.0.1:1", "--add-header", "A: b", "testdata/devstack-api.ini"}, env)
	if err != nil {
		t.Fatal(err)
	}
	if c.App != uwsgiini.Compute || len(c.Listeners) != 2 || c.Listeners[0].Address != "127.0.0.1:1" || c.Header.Get("A") != "b" || len(c.Warnings) != 0 {
		t.Errorf("%+v", c)
	}
}

// A hook that ends the requests at SIGTERM says what is always so here, however it is written; other hooks are left out.
func TestMasterHooks(t *testing.T) {
	for hook, warns := range map[string]bool{
		"unix_signal:15 gracefully_kill_them_all":    false,
		"unix_signal:15\t# gracefully_kill_them_all": false, // as in SAP's chart
		"unix_signal:15  gracefully_kill_them_all":   true,
		"unix_signal:150 gracefully_kill_them_all":   true,
		"unix_signal:1 gracefully_kill_them_all":     true,
		"unix_signal:15 reload":                      true,
		"exec:/bin/true":                             true,
	} {
		c, err := uwsgiini.Parse([]string{"--hook-master-start", hook, "--module", "nova.wsgi.metadata"}, env)
		if err != nil || len(c.Warnings) > 0 != warns {
			t.Errorf("%q: %v %v", hook, c, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"[uwsgi]\nmodule = glance.wsgi\n":                                        "x.ini:2: module: \"glance.wsgi\" is none of Nova's",
		"[uwsgi]\nmodule = nova.wsgi.metadata\nwsgi-file = /bin/nova-api-wsgi\n": "x.ini:3: wsgi-file: metadata is named already",
		"[uwsgi]\nif-env = X\n":                                                  "x.ini:2: if-env: conditions",
		"[uwsgi]\nchmod-socket = 9\n":                                            "x.ini:2: chmod-socket: \"9\"",
		"[uwsgi]\nlisten = many\n":                                               "x.ini:2: listen:",
		"[uwsgi]\n\nhttps-socket = :1\n":                                         "x.ini:3: https-socket: \":1\" is not ADDRESS,CERTIFICATE,KEY",
		"[uwsgi]\nenv = A\n":                                                     "x.ini:2: env:",
		"[uwsgi]\nini = x.ini\n":                                                 "cannot read",
		"[uwsgi]\nini = :uwsgi\n":                                                "deep",
		"[uwsgi]\n= a\n":                                                         "x.ini:2:",
		"[uwsgi]\nprotocol = spdy\n":                                             "x.ini:2: protocol:",
		"[uwsgi]\nsuwsgi-socket = :1,a,b\n":                                      "not served",
		"[uwsgi]\nyaml = a.yml\n":                                                "only ini",
		"[uwsgi]\nnone = 1\nstrict = true\n":                                     "x.ini:2: none is not an option of uWSGI, and strict is set",
		"[uwsgi]\nset = d=/run\nstrict = true\npidfile = %(d)/p\n":               "x.ini:2: d is not an option of uWSGI, and strict is set",
	} {
		file := filepath.Join(t.TempDir(), "x.ini")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := uwsgiini.Parse([]string{"--ini", file}, env); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	for _, args := range [][]string{{"--socket"}, {"-s"}, {"app.yml"}, {"none.ini"}} {
		if _, err := uwsgiini.Parse(args, env); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.ini")
	for _, file := range files {
		b, _ := os.ReadFile(file)
		f.Add(string(b))
	}
	file := filepath.Join(f.TempDir(), "x.ini")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := uwsgiini.Parse([]string{"--ini", file}, env)
		if err == nil && c.App != "" && c.App != uwsgiini.Compute && c.App != uwsgiini.Metadata {
			t.Error(c.App)
		}
	})
}

// What uWSGI goes on with: a section that the file does not have, and a directory in the place of a file.
func TestWarnings(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.ini")
	text := "[uwsgi]\nini = :other\nini = :none\ninclude = " + dir + "\nsocket = 18774\nlogto = 192.0.2.1:514\nhook-as-mule = exec:true\n[other]\nsocket = 127.*:1\nsocket = 127.0.0.1:1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := uwsgiini.Parse(append(uwsgiini.EnvironmentOptions([]string{"UWSGI_HTTP_SOCKET=:8774", "UWSGI_NEED_APP=false", "UWSGI_RELOADS=1", "HOME=/"}),
		"--ini", file), env)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"x.ini: the file has no section [none]", dir + ": the file has no section [uwsgi]", "x.ini:5: socket: 18774 is the path",
		"x.ini:6: logto: left out", "x.ini:7: hook-as-mule is left out"} {
		if i >= len(c.Warnings) || !strings.Contains(c.Warnings[i], want) {
			t.Errorf("no %q in %q", want, c.Warnings)
		}
	}
	var addresses []string
	for _, l := range c.Listeners {
		addresses = append(addresses, l.Address)
	}
	if got := strings.Join(addresses, " "); got != "0.0.0.0:8774 127.0.0.1:1 unix:18774" || c.NeedApp {
		t.Errorf("got %s, %v", got, c.NeedApp)
	}
}

// Addresses that a file names twice: uWSGI opens the same words once, and fails to open other words for the same address.
func TestAddressesNamedTwice(t *testing.T) {
	for text, want := range map[string]string{
		"http-socket = :1\nhttp-socket = :1":                         "0.0.0.0:1",
		"http-socket = :1\nsocket = :1":                              "0.0.0.0:1",
		"http-socket = :1\nhttp-socket = 0.0.0.0:1":                  "0.0.0.0:1 0.0.0.0:1",
		"http = :1\nhttp = :1":                                       "0.0.0.0:1 0.0.0.0:1",
		"http = :1\nhttp-socket = :1":                                "0.0.0.0:1 0.0.0.0:1",
		"http-socket = 127.0.0.1:1\nhttp-socket = localhost:1":       "127.0.0.1:1 localhost:1",
		"http-socket = /a\nhttp-socket = /a\nhttp-socket = /./a":     "unix:/./a",
		"http = /a\nhttp-socket = /a\nhttp = /a\nhttp-socket = /b":   "unix:/a unix:/b",
		"http-socket = @a\nhttp-socket = @a\nhttp = @a":              "unix:@a unix:@a",
		"http-socket = 127.0.0.1:1\nhttp-socket = 127.*:1\nhttp=a:1": "127.0.0.1:1 a:1",
	} {
		file := filepath.Join(t.TempDir(), "x.ini")
		if err := os.WriteFile(file, []byte("[uwsgi]\n"+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := uwsgiini.Parse([]string{"--ini", file}, env)
		if err != nil {
			t.Fatal(err)
		}
		var addresses []string
		for _, l := range c.Listeners {
			addresses = append(addresses, l.Address)
		}
		if got := strings.Join(addresses, " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
