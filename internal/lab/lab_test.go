//go:build unix

package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/release"
)

// lab is one in an empty directory, with a name that shells and commands take apart:
// with such a one it does not go up.
func lab(t *testing.T, env ...string) *Lab {
	t.Helper()
	l, err := newLab(environ(append(env, "LAB="+filepath.Join(t.TempDir(), "it's a lab"))))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func environ(env []string) func(string) string {
	return func(name string) string {
		for _, kv := range env {
			if n, v, _ := strings.Cut(kv, "="); n == name {
				return v
			}
		}
		return ""
	}
}

func TestSettingsAreRemembered(t *testing.T) {
	dir := t.TempDir()
	first, err := newLab(environ([]string{"LAB=" + dir, "LAB_PORT_BASE=30000", "LAB_VENV=/opt/venv"}))
	if err != nil {
		t.Fatal(err)
	}
	if first.exists() {
		t.Error("a lab that was never started exists")
	}
	if err := first.remember(); err != nil {
		t.Fatal(err)
	}
	again, err := newLab(environ([]string{"LAB=" + dir}))
	if err != nil {
		t.Fatal(err)
	}
	if !again.exists() || again.Base != 30000 || again.Venv != "/opt/venv" || again.Address("keystone") != first.Address("keystone") {
		t.Errorf("%+v", again)
	}
	// The catalog in its databases names the ports.
	if _, err := newLab(environ([]string{"LAB=" + dir, "LAB_PORT_BASE=31000"})); err == nil || !strings.Contains(err.Error(), "wipe") {
		t.Errorf("other ports: %v", err)
	}
	for _, bad := range []string{"many", "80", "65530"} {
		if _, err := newLab(environ([]string{"LAB=" + t.TempDir(), "LAB_PORT_BASE=" + bad})); err == nil || !strings.Contains(err.Error(), "LAB_PORT_BASE") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestDirectoriesThatServicesDoNotUnderstand(t *testing.T) {
	l := lab(t)
	if err := l.up(t.Context(), t.Output(), false); err == nil || !strings.Contains(err.Error(), l.Dir) || l.exists() {
		t.Errorf("%v", err)
	}
}

func TestLabIsBesideGoMod(t *testing.T) {
	l, err := newLab(environ(nil))
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(l.Dir) != ".lab" || l.Venv != filepath.Join(l.Dir, "venv") {
		t.Errorf("%+v", l)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(l.Dir), "go.mod")); err != nil {
		t.Error(err)
	}
}

func TestConfigurationIsWhole(t *testing.T) {
	l := lab(t)
	l.Neighbours = neighbourPorts
	used := []string{"parts.tmpl", "agents.sql", "identity.yaml", "cloud.yaml", "ha/scenarios.yaml"}
	for _, f := range l.neighbourEnvironment().files() {
		used = append(used, f.template)
	}
	for _, n := range l.neighbours() {
		if n.document == "" {
			continue
		}
		if _, err := l.resources(n.document); err != nil {
			t.Error(err)
		}
		used = append(used, n.document)
	}
	for _, f := range lab(t, "LAB_HA=1").haFiles() { // see TestClustersAreConfigured
		used = append(used, f.template)
	}
	for _, f := range l.files() {
		used = append(used, f.template)
		if err := l.write(f); err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(l.Etc(), f.to)
		text, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("{{")) || bytes.Contains(text, []byte("<no value>")) || bytes.Contains(text, []byte("127.0.0.1:0")) {
			t.Errorf("%s is not filled in:\n%s", f.to, text)
		}
		if filepath.Ext(at) == ".conf" && f.to != "rabbitmq.conf" {
			if _, err := config.Load(config.Sources{Files: []string{at}, NoDefaults: true}); err != nil {
				t.Error(err)
			}
		}
	}
	for _, r := range release.All() {
		used = append(used, r.ID+"/constraints.txt")
	}
	err := fs.WalkDir(etcFiles, "etc", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !slices.Contains(used, strings.TrimPrefix(path, "etc/")) {
			t.Errorf("nothing uses %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNeighbours: a lab with all neighbours has their processes, users and endpoints; other labs have none of
// them, and those of older releases or with clusters cannot get them.
func TestNeighbours(t *testing.T) {
	l := lab(t)
	l.Neighbours = neighbourPorts
	testNovaConf(t, l)
	testCommands(t, l)
	for _, n := range l.neighbours() {
		if n.services[0].name != n.name || l.Port(n.name) == 0 || !slices.Contains(l.ServiceUsers(), n.name) || !slices.Contains(l.Databases(), n.name) ||
			!slices.ContainsFunc(l.Catalog(), func(e Entry) bool { return e.Type == n.kind && e.URLs[region] == l.URL(n.name)+n.path }) {
			t.Errorf("%s is not complete", n.name)
		}
		for _, command := range n.migrations {
			if words := l.arguments(service{name: n.name, command: command}); strings.Contains(strings.Join(words, " "), "$") {
				t.Errorf("%q", words)
			}
		}
	}
	if bare := lab(t); len(bare.services()) != len(l.services())-10 || len(bare.neighbours()) != 0 {
		t.Errorf("%d services without neighbours, %d with them", len(bare.services()), len(l.services()))
	}
	for _, env := range []string{"LAB_HA=1", "LAB_RELEASE=2025.1"} {
		l := lab(t, env)
		if err := l.startNeighbour(t.Context(), t.Output(), l.manila()); err == nil || !strings.Contains(err.Error(), "2026.2") {
			t.Errorf("%s: %v", env, err)
		}
	}
}

// TestNovaConf: what Nova's processes read is what our own configuration reads, and it
// has no option that Nova does not know.
func TestNovaConf(t *testing.T) {
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) { testNovaConf(t, lab(t, "LAB_RELEASE="+r.ID)) })
	}
}

func testNovaConf(t *testing.T, l *Lab) {
	for _, f := range l.files() {
		if f.template != "nova.conf" {
			continue
		}
		if err := l.write(f); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(config.Sources{Files: []string{filepath.Join(l.Etc(), f.to)}, NoDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		if u, w := c.Unknown(), c.Warnings(); len(u) > 0 || len(w) > 0 {
			t.Errorf("%s: %v %v", f.to, u, w)
		}
		n := f.data.(node)
		var databases [2]string // of a compute host: none
		if n.Driver == "" {
			databases = [2]string{l.Database("nova_cell1") + "?charset=utf8", l.Database("nova_api") + "?charset=utf8"}
		}
		if c.Default.Host != n.Host || c.Default.TransportURL != "rabbit://lab:lab@"+l.Address("rabbitmq")+"/" || databases != [2]string{c.Database.Connection, c.APIDatabase.Connection} || !slices.Equal(c.KeystoneAuthtoken.MemcachedServers, []string{l.Address("memcached")}) {
			t.Errorf("%s: %+v", f.to, c.Default)
		}
		for group, user := range map[string]string{"keystone_authtoken": "nova", "service_user": "nova", "neutron": "nova", "cinder": "nova", "placement": "placement"} {
			auth, err := c.Auth(group)
			if err != nil || auth.Username != user || auth.Password != password || auth.AuthURL != l.URL("keystone")+"/v3" {
				t.Errorf("%s [%s]: %+v %v", f.to, group, auth, err)
			}
		}
	}
}

// TestCommands: directories may have spaces in them, and every $ is filled in.
func TestCommands(t *testing.T) {
	for _, r := range release.All() {
		t.Run(r.ID, func(t *testing.T) { testCommands(t, lab(t, "LAB_RELEASE="+r.ID)) })
	}
}

func testCommands(t *testing.T, l *Lab) {
	seen := map[string]bool{}
	for _, s := range l.services() {
		if seen[s.name] || s.ready == nil {
			t.Errorf("%s: a second time, or nothing tells whether it is up", s.name)
		}
		seen[s.name] = true
		text := l.arguments(s)
		for _, kv := range s.env {
			text = append(text, l.expand(kv, s.name))
		}
		for _, text := range text {
			if strings.Contains(text, "$") || text == "" || strings.HasSuffix(text, "=0") {
				t.Errorf("%s: %q is not filled in", s.name, text)
			}
		}
		if n := len(strings.Fields(s.command)); s.last == "" && len(l.arguments(s)) != n {
			t.Errorf("%s: %d words became %q", s.name, n, l.arguments(s))
		}
	}
	for _, m := range l.migrations() {
		for _, command := range m.commands {
			for _, word := range l.arguments(service{name: m.service, command: command}) {
				if strings.Contains(word, "$") || strings.Contains(word, ":0/") || word == "" {
					t.Errorf("%s: %q", command, word)
				}
			}
		}
	}
}

// TestEnvironmentOfServices: the user's own OpenStack and proxies are not the lab's.
func TestEnvironmentOfServices(t *testing.T) {
	t.Setenv("OS_DATABASE__CONNECTION", "sqlite://")
	t.Setenv("HTTPS_PROXY", "http://192.0.2.1:3128")
	env := lab(t).environment("keystone", "OS_KEYSTONE_CONFIG_FILES=keystone.conf")
	for _, kv := range env {
		if strings.HasPrefix(kv, "OS_DATABASE") || strings.HasPrefix(kv, "HTTPS_PROXY") {
			t.Error(kv)
		}
	}
	if env[len(env)-1] != "OS_KEYSTONE_CONFIG_FILES=keystone.conf" {
		t.Errorf("%q", env)
	}
}

func TestEnv(t *testing.T) {
	l := lab(t, "LAB_PORT_BASE=30000")
	if err := l.remember(); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) map[string]string {
		t.Helper()
		cmd := newCommand(environ([]string{"LAB=" + l.Dir}))
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetArgs(append([]string{"env"}, args...))
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		shell := exec.Command("sh", "-euc", out.String()+out.String()+"env")
		shell.Env = []string{"PATH=/bin:/usr/bin", "no_proxy=example.org"}
		text, err := shell.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			got[name] = value
		}
		return got
	}
	got := run()
	for name, want := range map[string]string{
		"LAB": l.Dir, "LAB_RELEASE": "2026.2", "LAB_PORT_BASE": "30000", "LAB_NOVA_CONF": filepath.Join(l.Dir, "etc", "ours", "nova.conf"), "LAB_GUESTS": "^guest-",
		"LAB_NOVA": "http://127.0.0.1:30010/v2.1", "LAB_METADATA": "http://127.0.0.1:30011", "OS_AUTH_URL": "http://127.0.0.1:30005/v3",
		"OS_REGION_NAME": "RegionOne", "PATH": "/bin:/usr/bin:" + filepath.Join(l.Venv, "bin"),
	} {
		if got[name] != want {
			t.Errorf("%s is %q, not %q", name, got[name], want)
		}
	}
	if !strings.HasSuffix(got["no_proxy"], "example.org") || !strings.HasPrefix(got["no_proxy"], "127.0.0.1") {
		t.Errorf("no_proxy is %q", got["no_proxy"])
	}
	if got := run("--ours")["OS_REGION_NAME"]; got != "Ours" {
		t.Errorf("--ours: region %q", got)
	}
}

func TestEnvOfNoLab(t *testing.T) {
	cmd := newCommand(environ([]string{"LAB=" + t.TempDir()}))
	cmd.SetArgs([]string{"env"})
	if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "make lab") {
		t.Errorf("%v", err)
	}
}

// TestVariablesAreDocumented: whatever lab tests read from the environment, and all that
// env says, stands in docs/testing.md.
func TestVariablesAreDocumented(t *testing.T) {
	const top = "../.."
	text, err := os.ReadFile(filepath.Join(top, "docs", "testing.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, v := range lab(t).variables(false) {
		names[v.name] = "env"
	}
	read := regexp.MustCompile(`"((LAB|OS|CLOUD_INIT|APACHE)_[A-Z_]+[A-Z])"`)
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != top) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err == nil && bytes.HasPrefix(source, []byte("//go:build lab")) {
			for _, m := range read.FindAllSubmatch(source, -1) {
				names[string(m[1])] = path
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, where := range names {
		if !bytes.Contains(text, []byte("`"+name+"`")) {
			t.Errorf("docs/testing.md does not say what %s is (%s)", name, where)
		}
	}
}
