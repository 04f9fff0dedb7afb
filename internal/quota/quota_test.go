package quota_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/reqctx"
)

const (
	apiTables = `CREATE TABLE quotas (id INTEGER PRIMARY KEY, project_id TEXT, resource TEXT, hard_limit INTEGER);
CREATE TABLE project_user_quotas (id INTEGER PRIMARY KEY, project_id TEXT, user_id TEXT, resource TEXT, hard_limit INTEGER);
CREATE TABLE quota_classes (id INTEGER PRIMARY KEY, class_name TEXT, resource TEXT, hard_limit INTEGER);
CREATE TABLE instance_groups (id INTEGER PRIMARY KEY, project_id TEXT, user_id TEXT);
CREATE TABLE key_pairs (id INTEGER PRIMARY KEY, user_id TEXT, name TEXT);
CREATE TABLE cell_mappings (id INTEGER PRIMARY KEY, uuid TEXT, name TEXT, transport_url TEXT, database_connection TEXT, disabled BOOLEAN);`
	cellTables = `CREATE TABLE instances (id INTEGER PRIMARY KEY, project_id TEXT, user_id TEXT, vcpus INTEGER, memory_mb INTEGER, deleted INTEGER DEFAULT 0, vm_state TEXT, hidden BOOLEAN);`
)

// fixture is an API database with two cells.
type fixture struct {
	*quota.Quotas
	api   *db.DB
	cells [2]*db.DB
}

func openDB(t *testing.T, dir, name, tables string) (*db.DB, string) {
	t.Helper()
	address := "sqlite:///" + filepath.Join(dir, name)
	d, err := db.Open(address, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	run(t, d, tables)
	return d, address
}

func run(t *testing.T, d *db.DB, statements string) {
	t.Helper()
	if _, err := d.DB.DB.Exec(statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

func setUp(t *testing.T, c config.Quota) *fixture {
	dir := t.TempDir()
	f := &fixture{}
	f.api, _ = openDB(t, dir, "api", apiTables)
	for i := range f.cells {
		name := string(rune('1' + i))
		var address string
		f.cells[i], address = openDB(t, dir, "cell"+name, cellTables)
		run(t, f.api, "INSERT INTO cell_mappings VALUES ("+name+", 'cell"+name+"', 'c', 'none:///', '"+address+"', 0)")
	}
	f.Quotas = quota.New(quota.Options{Config: c, Store: dbapi.NewQuotas(f.api), Usage: cell.Everywhere{Cells: &db.Cells{API: f.api}}})
	return f
}

var defaults = config.Quota{Instances: 10, Cores: 20, RAM: 51200, MetadataItems: 128, InjectedFiles: 5, InjectedFileContentBytes: 10240,
	InjectedFilePathLength: 255, KeyPairs: 100, ServerGroups: 10, ServerGroupMembers: 10}

func TestProject(t *testing.T) {
	f := setUp(t, defaults)
	run(t, f.api, `INSERT INTO quota_classes (class_name, resource, hard_limit) VALUES ('default', 'cores', 30), ('default', 'ram', 1), ('default', 'ram', 2), ('other', 'instances', 9);
INSERT INTO quotas (project_id, resource, hard_limit) VALUES ('p', 'cores', -1), ('q', 'instances', 1), ('p', 'unheard_of', 1);
INSERT INTO project_user_quotas (project_id, user_id, resource, hard_limit) VALUES ('p', 'u', 'cores', 3);
INSERT INTO instance_groups (project_id, user_id) VALUES ('p', 'u'), ('p', 'v'), ('q', 'u');`)
	run(t, f.cells[0], `INSERT INTO instances (project_id, user_id, vcpus, memory_mb, deleted, vm_state, hidden) VALUES
('p', 'u', 2, 512, 0, 'active', 0), ('p', 'v', 1, 256, 0, NULL, NULL), ('p', 'u', 64, 1, 0, 'soft-delete', 0), ('p', 'u', 64, 1, 7, 'deleted', 0), ('p', 'u', 64, 1, 0, 'active', 1), ('q', 'u', 64, 1, 0, 'active', 0)`)
	run(t, f.cells[1], `INSERT INTO instances (project_id, user_id, vcpus, memory_mb, vm_state, hidden) VALUES ('p', 'u', 4, 1024, 'error', 0)`)

	project, err := f.Project(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "limits of the project", project.Limits, map[quota.Resource]int64{quota.Cores: -1, quota.Instances: 10, quota.RAM: 2, quota.KeyPairs: 100, quota.InjectedFilePathBytes: 255, quota.FloatingIPs: -1})
	expect(t, "usage of the project", project.Used, map[quota.Resource]int64{quota.Cores: 7, quota.Instances: 3, quota.RAM: 1792, quota.ServerGroups: 2, quota.KeyPairs: 0})
	user, err := f.User(t.Context(), quota.Owner{Project: "p", User: "u"})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "limits of the user", user.Limits, map[quota.Resource]int64{quota.Cores: 3, quota.Instances: 10, quota.RAM: 2})
	expect(t, "usage of the user", user.Used, map[quota.Resource]int64{quota.Cores: 6, quota.Instances: 2, quota.RAM: 1536, quota.ServerGroups: 1})
	class, err := f.Class(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "class", class, map[quota.Resource]int64{quota.Instances: 9, quota.Cores: 20})
}

func expect(t *testing.T, what string, got quota.Values, want map[quota.Resource]int64) {
	t.Helper()
	for r, n := range want {
		if got[r] != n {
			t.Errorf("%s: %s is %d, want %d", what, r, got[r], n)
		}
	}
}

func TestNoop(t *testing.T) {
	f := setUp(t, config.Quota{Driver: "nova.quota.NoopQuotaDriver"})
	s, err := f.Project(t.Context(), "p")
	if err != nil || s.Limits[quota.Cores] != -1 || s.Used[quota.Cores] != -1 || f.Reserved() != -1 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := f.Check(t.Context(), quota.Owner{Project: "p"}, quota.Deltas{quota.Cores: 1 << 40}); err != nil {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	f := setUp(t, defaults)
	run(t, f.api, `INSERT INTO quotas (project_id, resource, hard_limit) VALUES ('p', 'cores', 8), ('free', 'cores', -1);
INSERT INTO project_user_quotas (project_id, user_id, resource, hard_limit) VALUES ('p', 'limited', 'cores', 5), ('p', 'keys', 'key_pairs', 2), ('p', 'free', 'key_pairs', -1);
INSERT INTO key_pairs (user_id, name) VALUES ('keys', 'a'), ('keys', 'b'), ('free', 'a')`)
	run(t, f.cells[1], `INSERT INTO instances (project_id, user_id, vcpus, memory_mb, vm_state, hidden) VALUES ('p', 'limited', 4, 1024, 'active', 0), ('p', 'other', 2, 1024, 'active', 0)`)
	for _, c := range []struct {
		name   string
		owner  quota.Owner
		deltas quota.Deltas
		over   []quota.Resource
		scope  string
		used   int64 // of the first that is over
	}{
		{name: "fits", owner: quota.Owner{Project: "p", User: "other"}, deltas: quota.Deltas{quota.Cores: 2, quota.Instances: 8}},
		{name: "over the project", owner: quota.Owner{Project: "p", User: "other"}, deltas: quota.Deltas{quota.Cores: 3, quota.Instances: 9}, over: []quota.Resource{quota.Cores, quota.Instances}, used: 6},
		{name: "over the user", owner: quota.Owner{Project: "p", User: "limited"}, deltas: quota.Deltas{quota.Cores: 2}, over: []quota.Resource{quota.Cores}, scope: "user", used: 4},
		{name: "over both", owner: quota.Owner{Project: "p", User: "limited"}, deltas: quota.Deltas{quota.Cores: 3}, over: []quota.Resource{quota.Cores}, scope: "project", used: 6},
		{name: "unlimited", owner: quota.Owner{Project: "free"}, deltas: quota.Deltas{quota.Cores: 1 << 40}},
		{name: "looking again", owner: quota.Owner{Project: "p", User: "limited"}, deltas: quota.Deltas{quota.Cores: 0}},
		{name: "groups", owner: quota.Owner{Project: "p", User: "x"}, deltas: quota.Deltas{quota.ServerGroups: 11}, over: []quota.Resource{quota.ServerGroups}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var over *quota.OverError
			err := f.Check(t.Context(), c.owner, c.deltas)
			if !errors.As(err, &over) {
				if err != nil || c.over != nil {
					t.Errorf("%v, want %v to be over", err, c.over)
				}
				return
			}
			if !slices.Equal(over.Over, c.over) || over.Scope != c.scope || over.Used[c.over[0]] != c.used {
				t.Errorf("%v in scope %q with %d in use, want %+v", over, over.Scope, over.Used[over.Over[0]], c)
			}
		})
	}
	for user, fits := range map[string]bool{"keys": false, "free": true, "x": true} {
		err := f.CheckKeyPairs(t.Context(), &reqctx.Caller{ProjectID: "p", UserID: user}, user, 1)
		if over := new(quota.OverError); errors.As(err, &over) == fits {
			t.Errorf("keypairs of %s: %v", user, err)
		}
	}
	if err := f.CheckKeyPairs(t.Context(), &reqctx.Caller{UserID: "free"}, "free", 1); !errors.Is(err, objects.ErrForbidden) { // an unscoped token
		t.Errorf("keypairs without a project: %v", err)
	}
	if err := f.CheckKeyPairs(t.Context(), &reqctx.Caller{UserID: "free", IsAdmin: true}, "free", 1); err != nil {
		t.Errorf("keypairs of an administrator without a project: %v", err)
	}
	err := f.CheckLimits(t.Context(), quota.Owner{Project: "p"}, quota.Deltas{quota.MetadataItems: 129, quota.InjectedFiles: 5})
	if err == nil || err.Error() != "Quota exceeded for resources: ['metadata_items']" {
		t.Error(err)
	}
}

// TestShared reads for many at once: everyone sees what was there when they asked.
func TestShared(t *testing.T) {
	f := setUp(t, defaults)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if s, err := f.Project(t.Context(), "p"); err != nil || s.Limits[quota.Cores] != 20 {
				t.Errorf("%v, %v", s.Limits[quota.Cores], err)
			}
		})
	}
	wait.Wait()
	run(t, f.api, "INSERT INTO quotas (project_id, resource, hard_limit) VALUES ('p', 'cores', 21)")
	if s, err := f.Project(t.Context(), "p"); err != nil || s.Limits[quota.Cores] != 21 {
		t.Errorf("after a change: %d, %v", s.Limits[quota.Cores], err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Project(gone, "p"); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// slowUsage counts for no request before release.
type slowUsage struct {
	quota.Usage
	release chan struct{}
	counts  atomic.Int64
}

func (u *slowUsage) InstanceUsage(ctx context.Context, project, user string) (objects.Used[objects.InstanceUsage], error) {
	u.counts.Add(1)
	<-u.release
	return u.Usage.InstanceUsage(ctx, project, user)
}

// TestCountsAreShared: checks at the same time do not each count the instances in all cells.
func TestCountsAreShared(t *testing.T) {
	f := setUp(t, defaults)
	slow := &slowUsage{Usage: cell.Everywhere{Cells: &db.Cells{API: f.api}}, release: make(chan struct{})}
	q := quota.New(quota.Options{Config: defaults, Store: dbapi.NewQuotas(f.api), Usage: slow})
	run(t, f.cells[0], `INSERT INTO instances (project_id, user_id, vcpus, memory_mb, vm_state, hidden) VALUES ('p', 'u', 19, 512, 'active', 0)`)
	const checks = 50
	var began, ended sync.WaitGroup
	began.Add(checks)
	for n := range checks {
		ended.Go(func() {
			began.Done()
			cores := int64(1 + n%2)
			err := q.Check(t.Context(), quota.Owner{Project: "p", User: "u"}, quota.Deltas{quota.Cores: cores})
			if over := new(quota.OverError); errors.As(err, &over) != (cores > 1) {
				t.Errorf("%d further cores: %v", cores, err)
			}
		})
	}
	began.Wait()
	close(slow.release)
	ended.Wait()
	if n := slow.counts.Load(); n == checks {
		t.Errorf("%d checks count %d times", checks, n)
	}
}
