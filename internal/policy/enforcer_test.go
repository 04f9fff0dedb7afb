package policy_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

var (
	admin  = &reqctx.Caller{UserID: "a", ProjectID: "p1", Roles: []string{"admin"}, IsAdmin: true}
	member = &reqctx.Caller{UserID: "m", ProjectID: "p1", Roles: []string{"member", "reader"}}
	reader = &reqctx.Caller{UserID: "r", ProjectID: "p1", Roles: []string{"reader"}}
	system = &reqctx.Caller{UserID: "s", SystemScope: "all", Roles: []string{"admin"}}
)

// write puts files below a new directory and returns it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// journal collects log lines.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) log(s string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, s)
}

func (j *journal) has(part string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Contains(strings.Join(j.lines, "\n"), part)
}

func TestFilesAndDirectories(t *testing.T) {
	dir := write(t, map[string]string{
		"policy.yaml":       "# comment\nos_compute_api:servers:index: role:one\nos_compute_api:servers:index: role:two\n",
		"policy.d/b.yaml":   `"os_compute_api:servers:show": "role:b"`,
		"policy.d/a.json":   `{"os_compute_api:servers:show": "role:a", "os_compute_api:servers:create": [["role:a", "role:b"], "role:c"]}`,
		"policy.d/.hidden":  `"os_compute_api:servers:show": "@"`,
		"policy.d/sub/c":    `"os_compute_api:servers:show": "@"`,
		"policy.d/empty":    "",
		"policy.d/own.yaml": "site: role:x\nos_compute_api:servers:delete: rule:site\n",
	})
	e, err := policy.New(policy.Options{Release: release.Newest(), File: filepath.Join(dir, "policy.yaml"),
		Dirs: []string{filepath.Join(dir, "policy.d"), filepath.Join(dir, "missing")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule  policy.Rule
		roles string
		want  bool
	}{
		{policy.ServersIndex, "one", false},
		{policy.ServersIndex, "two", true},
		{policy.ServersShow, "a", false},
		{policy.ServersShow, "b", true},
		{policy.ServersCreate, "a", false},
		{policy.ServersCreate, "a b", true},
		{policy.ServersCreate, "c", true},
		{policy.ServersDelete, "x", true},
		{policy.ServersDelete, "y", false},
	} {
		who := &reqctx.Caller{ProjectID: "p1", Roles: strings.Fields(c.roles)}
		if got := e.Allowed(who, c.rule, policy.Own(who)); got != c.want {
			t.Errorf("%s for %s: %v", c.rule, c.roles, got)
		}
	}
}

func TestBadFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"syntax":   {"a: [", "yaml: line"},
		"list":     {"- a\n- b\n", "line 1: a mapping"},
		"number":   {"x: role:a\nrule: 5\n", "line 2: rule rule: a text or a list expected, not 5"},
		"mapping":  {"rule: {a: b}\n", "a text or a list expected"},
		"nested":   {"rule: [[[a]]]\n", "may hold texts"},
		"inside":   {"rule: [{a: b}]\n", "may hold texts"},
		"tabs":     {"a:\n\t- b\n", "yaml: line"},
		"a scalar": {"hello\n", "a mapping"},
	} {
		dir := write(t, map[string]string{"policy.yaml": c.text})
		path := filepath.Join(dir, "policy.yaml")
		_, err := policy.New(policy.Options{Release: release.Newest(), File: path})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := write(t, map[string]string{"file": ""})
	if _, err := policy.New(policy.Options{Release: release.Newest(), Dirs: []string{filepath.Join(dir, "file")}}); err == nil ||
		!strings.Contains(err.Error(), "is not a directory") {
		t.Errorf("a file as directory: %v", err)
	}
	if _, err := policy.New(policy.Options{Release: release.Newest(), File: dir}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("an unreadable file: %v", err)
	}
	if _, err := policy.New(policy.Options{Release: release.Newest(), File: filepath.Join(dir, "none")}); err != nil {
		t.Errorf("a missing file: %v", err)
	}
}

func TestErrorsAndScope(t *testing.T) {
	for _, scope := range []bool{true, false} {
		e, err := policy.New(policy.Options{Release: release.Newest(), EnforceScope: scope, EnforceNewDefaults: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Allowed(system, policy.HypervisorsList, policy.Target{}); got == scope {
			t.Errorf("enforce_scope %v: a system token is allowed: %v", scope, got)
		}
		if !e.IsAdmin(system) || !e.IsAdmin(admin) || e.IsAdmin(member) {
			t.Error("context_is_admin is wrong")
		}
		err = e.Authorize(reader, policy.ServersCreate, policy.Own(reader))
		var forbidden *policy.Forbidden
		if !errors.As(err, &forbidden) || forbidden.Rule != policy.ServersCreate ||
			err.Error() != "Policy doesn't allow os_compute_api:servers:create to be performed." {
			t.Errorf("%v", err)
		}
		var unknown *policy.NotRegistered
		if err := e.Authorize(admin, "no:such:rule", policy.Target{}); !errors.As(err, &unknown) {
			t.Errorf("an unknown rule: %v", err)
		}
	}
}

func TestWarnings(t *testing.T) {
	var j journal
	dir := write(t, map[string]string{"p": `
"loop": "rule:pool"
"pool": "not rule:loop"
"lost": "role:a and rule:nowhere"
"odd": "role:a and"
"os_compute_api:os-hosts": "role:x"
"os_compute_api:servers:create": "rule:project_member_or_admin"
"os_compute_api:servers:delete": "user_id:%(user_id)s"
"admin_api": "role:old"
`})
	if _, err := policy.New(policy.Options{Release: release.Newest(), File: filepath.Join(dir, "p"), Log: j.log}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Policies loop, pool are part of a cyclical reference.",
		"Policies lost reference a rule that is not defined.",
		"Failed to understand rule role:a and",
		`Policy "os_compute_api:os-hosts":"rule:admin_api" was deprecated in 22.0.0 in favor of "os_compute_api:os-hosts:list"`,
		"Policy Rules os_compute_api:servers:create specified in policy files are the same",
		"The user_id attribute isn't supported in the rule 'os_compute_api:servers:delete'",
		`Policy "admin_api":"is_admin:True" was deprecated for removal in 21.0.0`,
	} {
		if !j.has(want) {
			t.Errorf("not said: %s\n%s", want, strings.Join(j.lines, "\n"))
		}
	}
}

func TestWatch(t *testing.T) { synctest.Test(t, testWatch) }

func testWatch(t *testing.T) {
	const every = 2 * time.Millisecond // of the test's own clock
	dir := write(t, map[string]string{"policy.yaml": `"os_compute_api:servers:index": "!"`})
	path := filepath.Join(dir, "policy.yaml")
	var j journal
	e, err := policy.New(policy.Options{Release: release.Newest(), File: path, Dirs: []string{filepath.Join(dir, "policy.d")}, Log: j.log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { e.Watch(ctx, every); close(done) }()
	allowed := func() bool { return e.Allowed(member, policy.ServersIndex, policy.Own(member)) }
	eventually := func(what string, ok func() bool) {
		t.Helper()
		<-time.After(2 * every)
		synctest.Wait()
		if !ok() {
			t.Fatal(what)
		}
	}
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if allowed() {
		t.Fatal("the file is not read")
	}
	put(path, `"os_compute_api:servers:index": "role:member"`)
	eventually("a change is not seen", allowed)
	put(path, `"os_compute_api:servers:index": [`)
	eventually("a broken file is not reported", func() bool { return j.has(path) })
	if !allowed() {
		t.Error("a broken file changed the rules")
	}
	put(path, `"os_compute_api:servers:index": "role:member" #`)
	if err := os.Mkdir(filepath.Join(dir, "policy.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(filepath.Join(dir, "policy.d", "x.yaml"), `"os_compute_api:servers:index": "!"`)
	eventually("a new directory is not seen", func() bool { return !allowed() })
	cancel()
	<-done
}

func TestRemote(t *testing.T) {
	var asked, kind string
	answer := `"True"`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind = r.Header.Get("Content-Type")
		asked = r.URL.Path + " " + r.FormValue("rule") + r.FormValue("target")
		if kind == "application/json" {
			b, _ := io.ReadAll(r.Body)
			asked = r.URL.Path + " " + string(b)
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer srv.Close()
	dir := write(t, map[string]string{"p": `"os_compute_api:servers:index": "` + srv.URL + `/%(project_id)s"`})
	for _, c := range []struct{ contentType, want string }{
		{"", `/p1 "os_compute_api:servers:index"{"project_id":"p1","user_id":"m"}`},
		{"application/json", `"rule":"os_compute_api:servers:index"`},
	} {
		e, err := policy.New(policy.Options{Release: release.Newest(), File: filepath.Join(dir, "p"),
			Remote: policy.Remote{ContentType: c.contentType, Timeout: time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		answer = `"True"`
		if !e.Allowed(member, policy.ServersIndex, policy.Own(member)) || !strings.Contains(asked, c.want) {
			t.Errorf("%s: %s", kind, asked)
		}
		answer = "False"
		if e.Allowed(member, policy.ServersIndex, policy.Own(member)) {
			t.Error("allowed in spite of the answer")
		}
	}
	srv.Close()
	var j journal
	e, err := policy.New(policy.Options{Release: release.Newest(), File: filepath.Join(dir, "p"), Log: j.log})
	if err != nil {
		t.Fatal(err)
	}
	if e.Allowed(member, policy.ServersIndex, policy.Own(member)) || !j.has("remote check") {
		t.Error("allowed, or not reported, where nobody answers")
	}
}

func TestNoAllocation(t *testing.T) {
	e, err := policy.New(policy.Options{Release: release.Newest(), EnforceScope: true, EnforceNewDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	n := testing.AllocsPerRun(100, func() {
		if e.Authorize(member, policy.ServersShow, policy.Target{ProjectID: "p1", UserID: "m"}) != nil {
			t.Fatal("refused")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzCanonical looks for texts that the parser breaks on, or whose canonical
// form is another rule.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"a:b and (c:d or not e:f)", "'x':%(y)s", "@", "not not !", "((", "a:b) or"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := policy.Canonical(s)
		if strings.ContainsAny(once, `"'`) {
			return // a quoted word is one only with blanks around
		}
		if twice := policy.Canonical(once); twice != once {
			t.Errorf("%q: %q, then %q", s, once, twice)
		}
	})
}

// FuzzFile looks for files that the reader breaks on.
func FuzzFile(f *testing.F) {
	for _, s := range []string{"a: b:c", `{"a": [["b:c"], "d:e"]}`, "a: &x role:b\nc: *x", "a:\n", "? [a]\n: b"} {
		f.Add(s)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, s string) {
		path := filepath.Join(dir, "policy.yaml")
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		if e, err := policy.New(policy.Options{Release: release.Newest(), File: path}); err == nil {
			e.Allowed(member, policy.ServersIndex, policy.Own(member))
		}
	})
}

func BenchmarkAuthorize(b *testing.B) {
	for name, c := range map[string]*reqctx.Caller{"admin": admin, "member": member} {
		for _, newDefaults := range []bool{true, false} {
			e, err := policy.New(policy.Options{Release: release.Newest(), EnforceScope: true, EnforceNewDefaults: newDefaults})
			if err != nil {
				b.Fatal(err)
			}
			title := name + "/old"
			if newDefaults {
				title = name + "/new"
			}
			b.Run(title, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_ = e.Authorize(c, policy.ServersShow, policy.Target{ProjectID: "p1", UserID: "u"})
				}
			})
		}
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.New(policy.Options{Release: release.Newest()}); err != nil {
			b.Fatal(err)
		}
	}
}
