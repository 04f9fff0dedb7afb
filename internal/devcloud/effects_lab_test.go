//go:build lab

package devcloud_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nova-go/nova/compute/devcloud"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
)

// TestLabEffects sends the same operations to the lab's real nova-api and to an embedded cloud,
// and compares everything that clients see of their effects after each one: the answer, the
// server with its actions, events, faults, interfaces, volume attachments and migrations, its
// allocations, the sequence of its states, and ports, volumes and images at their services.
func TestLabEffects(t *testing.T) {
	if os.Getenv("LAB_EFFECTS") == "" {
		t.Skip("LAB_EFFECTS is not set: the comparison takes five minutes, and other tests of the lab get in its way")
	}
	conf := os.Getenv("LAB_NOVA_CONF")
	if conf == "" || os.Getenv("LAB_NOVA") == "" {
		t.Skip("LAB_NOVA_CONF and LAB_NOVA name no lab")
	}
	real, dev := realCloud(t, conf), devCloud(t)
	operations := 0
	for _, s := range effectScenarios {
		for _, step := range s.steps {
			if !step.only {
				operations++
			}
		}
	}
	t.Logf("%d operations", operations)
	if operations < 60 {
		t.Errorf("only %d operations", operations)
	}
	for _, s := range effectScenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			a, b := newEffects(t, real), newEffects(t, dev)
			t.Cleanup(func() { a.clean(); b.clean() })
			told := map[string]bool{}
			for n, step := range s.steps {
				done := make(chan []string)
				go func() { done <- a.run(step) }()
				ours, theirs := b.run(step), <-done
				if a.failed != "" || b.failed != "" {
					t.Fatalf("%d %s: real: %s; --dev: %s", n, step.do, a.failed, b.failed)
				}
				for _, d := range differing(theirs, ours, s.explained) {
					if !told[d] { // what remains different after later operations is reported once
						t.Errorf("%d %s %s: %s", n, step.do, strings.Join(strings.Fields(step.body), " "), d)
					}
					told[d] = true
				}
			}
		})
	}
}

// effectScenario is a list of operations on resources of its own.
type effectScenario struct {
	name  string
	steps []effectStep
	// explained are differences with a known reason: expressions that match the line of a
	// difference.
	explained []string
}

// effectStep is an operation. Variables in braces are replaced in do and body.
type effectStep struct {
	as, mv, do, body string
	// save keeps ids of the answer: "vm=server.id". All resources that are kept are compared
	// after each operation; the name before "=" may have a kind: "volume:data=volume.id".
	save string
	// ends is what the operation comes to, as "until" of a path: the server is idle without it.
	ends func(e *effects) bool
	only bool // only the answer's status is compared, because the step prepares another one
}

// cloudSite is one of the two clouds.
type cloudSite struct {
	name   string
	urls   map[string]string // by service: compute, network, block-storage, image, placement
	tokens map[string]string // by user
	cell   *db.DB
	known  map[string]string // ids that both clouds have, by variable
	settle func()
}

func realCloud(t *testing.T, conf string) *cloudSite {
	c := &cloudSite{name: "real", settle: func() {}, tokens: map[string]string{}}
	for _, user := range []string{"admin", "demo"} {
		c.tokens[user] = token(t, os.Getenv("OS_AUTH_URL"), user)
	}
	c.urls = catalog(t, os.Getenv("OS_AUTH_URL"), c.tokens["demo"])
	c.urls["compute"] = os.Getenv("LAB_NOVA")
	file, err := config.Load(config.Sources{Prog: "nova-api", Files: []string{conf}})
	if err != nil {
		t.Fatal(err)
	}
	c.open(t, file.Database.Connection)
	return c
}

func devCloud(t *testing.T) *cloudSite {
	state := t.TempDir()
	d, err := devcloud.Start(context.Background(), devcloud.Options{State: state, Release: os.Getenv("LAB_RELEASE")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	c := &cloudSite{name: "--dev", settle: d.Settle, tokens: map[string]string{}}
	for _, user := range []string{"admin", "demo"} {
		c.tokens[user] = token(t, d.AuthURL, user)
	}
	c.urls = catalog(t, d.AuthURL, c.tokens["demo"])
	c.open(t, "sqlite:///"+filepath.Join(state, "nova_cell1.sqlite"))
	return c
}

func token(t *testing.T, url, user string) string {
	t.Helper()
	return scopedToken(t, url, user, fmt.Sprintf(`{"project": {"name": %q, "domain": {"id": "default"}}}`, user))
}

func scopedToken(t *testing.T, url, user, scope string) string {
	t.Helper()
	password := devcloud.Password // which is that of the lab
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": %q, "password": %q, "domain": {"id": "default"}}}},
		"scope": %s}}`, user, password, scope)
	r, err := http.Post(url+"/auth/tokens", "application/json", strings.NewReader(body)) //nolint:noctx // ends with the test
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusCreated {
		t.Fatalf("no token: %s", r.Status)
	}
	return r.Header.Get("X-Subject-Token")
}

func catalog(t *testing.T, url, token string) map[string]string {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/auth/catalog", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("X-Auth-Token", token)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var v struct {
		Catalog []struct {
			Type      string
			Endpoints []struct{ Interface, URL, Region string }
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	urls := map[string]string{}
	for _, s := range v.Catalog {
		for _, e := range s.Endpoints {
			if e.Interface == "public" && (urls[s.Type] == "" || e.Region == os.Getenv("OS_REGION_NAME")) {
				urls[s.Type] = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(e.URL, "/"), "/v2.0"), "/v2")
			}
		}
	}
	for _, name := range []string{"block-storage", "volumev3"} {
		if urls[name] != "" {
			urls["block-storage"] = regexp.MustCompile(`/v3.*`).ReplaceAllString(urls[name], "")
		}
	}
	return urls
}

// open opens the database of the cell, and lets triggers log the states of its servers.
func (c *cloudSite) open(t *testing.T, connection string) {
	t.Helper()
	var err error
	if c.cell, err = db.Open(connection, db.Options{Wait: new(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	id, ended := "INTEGER PRIMARY KEY", "BEGIN %s; END"
	if strings.HasPrefix(connection, "mysql") {
		id, ended = "INTEGER PRIMARY KEY AUTO_INCREMENT", "%s"
	}
	const logged = "INSERT INTO effects_log (uuid, vm, task) VALUES (NEW.uuid, NEW.vm_state, NEW.task_state)"
	drop := []string{"DROP TRIGGER IF EXISTS effects_made", "DROP TRIGGER IF EXISTS effects_changed", "DROP TABLE IF EXISTS effects_log"}
	c.exec(t, append(drop, "CREATE TABLE effects_log (n "+id+", uuid VARCHAR(36), vm VARCHAR(255), task VARCHAR(255))",
		"CREATE TRIGGER effects_made AFTER INSERT ON instances FOR EACH ROW "+fmt.Sprintf(ended, logged),
		"CREATE TRIGGER effects_changed AFTER UPDATE ON instances FOR EACH ROW "+fmt.Sprintf(ended, logged))...)
	t.Cleanup(func() { c.exec(t, drop...); _ = c.cell.Close() })
	c.known = map[string]string{"nothing": "00000000-0000-4000-8000-00000000dead"}
	e := &effects{cloudSite: c, T: t, vars: map[string]string{}}
	e.vars = c.known
	for name, query := range map[string]string{"private": "networks?name=private", "shared": "networks?name=shared", "public": "networks?name=public"} {
		_, body := e.send("demo", "", "GET network /v2.0/"+query, "")
		c.known[name], _ = at(body, "networks.0.id").(string)
	}
	_, body := e.send("demo", "", "GET image /v2/images?name=cirros", "")
	c.known["image"], _ = at(body, "images.0.id").(string)
}

func (c *cloudSite) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Exec(context.Background(), c.cell, s); err != nil {
			t.Fatalf("%s: %s: %v", c.name, s, err)
		}
	}
}

// effects are the resources of one scenario in one cloud.
type effects struct {
	*cloudSite
	*testing.T
	vars   map[string]string   // ids by variable
	order  []string            // the variables of resources, in the order of their creation: "vm", "volume:data"
	last   map[string]string   // the last state, by server
	ended  map[string][]string // the lines of actions
	logged map[string]int      // the last number in effects_log that has been seen, by server
	failed string
}

func newEffects(t *testing.T, c *cloudSite) *effects {
	return &effects{cloudSite: c, T: t, vars: maps.Clone(c.known), logged: map[string]int{}, last: map[string]string{}, ended: map[string][]string{}}
}

// send sends a request "METHOD /path" to Nova, or "METHOD SERVICE /path" to another service.
func (e *effects) send(as, mv, do, body string) (int, any) {
	parts := strings.SplitN(e.fill(do), " ", 3)
	service, path := "compute", parts[len(parts)-1]
	if len(parts) == 3 {
		service = parts[1]
	}
	q, err := http.NewRequestWithContext(context.Background(), parts[0], e.urls[service]+path, strings.NewReader(e.fill(body)))
	if err != nil {
		return 0, err.Error()
	}
	q.Header.Set("X-Auth-Token", e.tokens[as])
	q.Header.Set("Content-Type", "application/json")
	if strings.HasSuffix(path, "/file") {
		q.Header.Set("Content-Type", "application/octet-stream")
	}
	switch {
	case mv != "":
		q.Header.Set("OpenStack-API-Version", "compute "+mv)
	case service == "block-storage":
		q.Header.Set("OpenStack-API-Version", "volume 3.71")
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err.Error()
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err.Error()
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return r.StatusCode, string(text)
	}
	return r.StatusCode, v
}

var variable = regexp.MustCompile(`\{(\w+)\}`)

func (e *effects) fill(text string) string {
	return variable.ReplaceAllStringFunc(text, func(m string) string {
		if v, known := e.vars[m[1:len(m)-1]]; known {
			return v
		}
		return m
	})
}

// at returns the value at a path of a JSON value: "servers.0.id".
func at(v any, path string) any {
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			n := 0
			if _, err := fmt.Sscan(key, &n); err != nil || n >= len(x) {
				return nil
			}
			v = x[n]
		default:
			return nil
		}
	}
	return v
}

// run does a step, waits for its end, and returns what clients see: "path = value".
func (e *effects) run(s effectStep) []string {
	as := s.as
	if as == "" {
		as = "demo"
	}
	status, body := e.send(as, s.mv, s.do, s.body)
	for _, one := range strings.Fields(s.save) {
		name, path, _ := strings.Cut(one, "=")
		id, _ := at(body, path).(string)
		if id == "" {
			e.failed = fmt.Sprintf("no %s in %d %v", path, status, body)
			return nil
		}
		_, short, isKind := strings.Cut(name, ":")
		if !isKind {
			short = name
		}
		e.vars[short] = id
		if !strings.HasPrefix(name, "known:") { // an id of something that the operation has created
			e.order = append(e.order, name)
		}
	}
	lines := []string{fmt.Sprintf("status = %d", status)}
	deadline := time.Now().Add(2 * time.Minute)
	for !e.idle() || s.ends != nil && !s.ends(e) {
		if time.Now().After(deadline) {
			e.failed = fmt.Sprintf("never ends: %d %v", status, body)
			return nil
		}
		wait()
	}
	if s.only {
		return lines
	}
	return append(e.flat(lines, "answer", body), e.seen()...)
}

// wait passes the time between two looks at a cloud.
func wait() { time.Sleep(400 * time.Millisecond) }

// differing returns the lines that only one side has, without the explained ones.
func differing(real, dev []string, explained []string) []string {
	parse := func(lines []string) map[string]string {
		m := map[string]string{}
		for _, l := range lines {
			path, value, _ := strings.Cut(l, " = ")
			m[path] = value
		}
		return m
	}
	a, b := parse(real), parse(dev)
	all := maps.Clone(a)
	maps.Copy(all, b)
	var out []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		x, in := a[path]
		y, also := b[path]
		if !in {
			x = "(none)"
		}
		if !also {
			y = "(none)"
		}
		line := fmt.Sprintf("%s: real %s, --dev %s", path, x, y)
		if x == y || slices.ContainsFunc(slices.Concat(explained, effectsExplained), func(p string) bool { return regexp.MustCompile(p).MatchString(line) }) {
			continue
		}
		out = append(out, line)
	}
	return out
}

// states returns the sequence of a server's VM and task states since the previous call.
func (e *effects) states(server string) []string {
	var list []string
	err := db.Each(context.Background(), e.cell, func(rows *sql.Rows) error {
		var vm, task sql.NullString
		n := 0
		err := rows.Scan(&n, &vm, &task)
		e.logged[server] = n
		if one := vm.String + "/" + task.String; one != e.last[server] {
			list = append(list, one)
			e.last[server] = one
		}
		return err
	}, "SELECT n, vm, task FROM effects_log WHERE uuid = ? AND n > ? ORDER BY n", server, e.logged[server])
	if err != nil {
		e.failed = err.Error()
	}
	return list
}
