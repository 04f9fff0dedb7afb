// Package novatest runs the whole compute application over HTTP for tests: the
// cloud of --dev with its databases in a directory of the test, and the
// application in front of it, as an operator's process has them.
//
//	s := novatest.New(t)
//	vm := s.Server(novatest.VM{Name: "web"})
//	s.As("demo").MV("2.90").Do("GET /servers/" + vm.UUID).Expect(200).Has(`{"server": {"name": "web"}}`)
//
// What a request changes is asserted as the difference of the databases:
//
//	s.Changes(func() { … }).Expect(`api INSERT flavors id=7 name=x *`)
//
// Where NOVATEST_API and NOVATEST_CELL name databases on MariaDB or PostgreSQL, all
// that runs there instead.
package novatest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/paste"
)

// Option changes what New builds.
type Option func(*settings)

type settings struct {
	conf      string
	files     map[string]string
	filters   paste.Registry
	unstarted bool
	compute   bool
	before    func(*Stack)
}

// Conf adds text to nova.conf, read after the rest.
func Conf(text string) Option { return func(s *settings) { s.conf += text + "\n" } }

// File writes a file beside nova.conf: policy.yaml, api-paste.ini.
func File(name, text string) Option { return func(s *settings) { s.files[name] = text } }

// Filters adds paste factories, as an embedder does.
func Filters(r paste.Registry) Option { return func(s *settings) { s.filters = r } }

// Before runs f when the databases are there, and the application is not.
func Before(f func(*Stack)) Option { return func(s *settings) { s.before = f } }

// Unstarted does not wait until the application has started: it may never do so.
func Unstarted() Option { return func(s *settings) { s.unstarted = true } }

// WithCompute has the hosts of the cloud take what the application casts: servers
// are built, and everything else is done to them, at once. See [Stack.Settle].
func WithCompute() Option { return func(s *settings) { s.compute = true } }

// unsynced has SQLite not wait for its disk: nobody needs the databases after the test.
const unsynced = "[database]\nsqlite_synchronous = False\n[api_database]\nsqlite_synchronous = False\n"

// Stack is an application with its cloud. Its methods end the test on failure.
type Stack struct {
	t     testing.TB
	State string // directory of the databases and of nova.conf
	URL   string // "http://127.0.0.1:41234"

	// Broker is where the application's messages go. Without WithCompute nobody
	// serves it: calls time out at once, unless the test handles them.
	Broker *rpc.Memory
	// Metrics is what the application shows to Prometheus.
	Metrics *prometheus.Registry

	databases         *devcloud.Databases
	api, cell0, cell1 *db.DB
	log               *testproc.Output
	began             time.Time
	shared            *shared
	cloud             http.Handler  // the services, and the application behind requests
	requests          *serve.Switch // those to the application
	hungUp            context.Context
	hangUp            context.CancelFunc // closes the connections of the application's clients
	connections       *connections
	stop              context.CancelFunc // ends the application
}

// shared is what the copies of a Stack for subtests have in common.
type shared struct {
	snapshots map[string]*snapshots // by database

	mu     sync.Mutex
	tokens map[string]string
	vms    int
}

// New builds a stack that ends with the test.
func New(t testing.TB, opts ...Option) *Stack {
	t.Helper()
	o := settings{files: map[string]string{}}
	for _, opt := range opts {
		opt(&o)
	}
	s := &Stack{t: t, State: t.TempDir(), Broker: rpc.NewMemory(), Metrics: prometheus.NewRegistry(), log: &testproc.Output{}, began: time.Now().Add(-time.Second), shared: &shared{snapshots: map[string]*snapshots{}, tokens: map[string]string{}}}
	server := httptest.NewUnstartedServer(nil)
	s.URL = "http://" + server.Listener.Addr().String()
	s.openDatabases()
	ctx, stop := context.WithCancel(context.Background())
	app, end := context.WithCancel(ctx)
	s.requests, s.connections, s.stop = &serve.Switch{}, newConnections(), end
	s.hungUp, s.hangUp = context.WithCancel(ctx)
	t.Cleanup(func() {
		server.Close()
		stop()
		if t.Failed() {
			t.Logf("the application's log:\n%s", s.log)
		}
	})
	log := zerolog.New(s.log)
	cloud, err := devcloud.New(ctx, devcloud.Options{State: s.State, Databases: s.databases, URL: s.URL, Log: &log})
	s.must(err)
	t.Cleanup(func() { _ = cloud.Close() })
	o.files["test.conf"] = unsynced + o.conf
	for name, text := range o.files {
		s.must(os.WriteFile(filepath.Join(s.State, name), []byte(text), 0o600))
	}
	if o.before != nil {
		o.before(s)
	}
	c, err := config.Load(config.Sources{Prog: compute.Prog, Files: []string{filepath.Join(s.State, "nova.conf"), filepath.Join(s.State, "test.conf")}})
	s.must(err)
	if o.compute {
		s.must(cloud.Serve(ctx, s.Broker))
	}
	nova, err := compute.New(rpc.WithMemory(app, s.Broker), compute.Options{Config: c, Filters: o.filters, Log: &log, Metrics: s.Metrics})
	s.must(err)
	s.requests.Set(nova, nil)
	s.cloud = cloud.Handler(http.HandlerFunc(s.serve))
	server.Config.Handler, server.Config.ConnState = s.cloud, s.connections.state
	server.Start()
	if !o.unstarted { // on a busy machine it starts in the background
		root := s.As("").At("")
		testproc.Eventually(t, "the application has started", func() bool { return root.Do("GET /").Status != http.StatusServiceUnavailable })
		root.Do("GET /").Expect(http.StatusOK)
	}
	return s
}

// serve is the application, whose clients may lose their connections.
func (s *Stack) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.hungUp, cancel)()
	s.requests.ServeHTTP(w, r.WithContext(ctx))
}

// Terminate ends the application as a process does at the end of its drain time: it closes
// the connections of all clients, waits for the operations that still run, and ends. The
// services and the hosts stay.
func (s *Stack) Terminate() {
	s.t.Helper()
	s.hangUp()
	s.must(s.requests.Close(s.t.Context()))
	s.stop()
}

// Settle waits until the hosts have done what was cast so far.
func (s *Stack) Settle() { s.Broker.Wait() }

// In is the stack for a subtest.
func (s *Stack) In(t testing.TB) *Stack {
	other := *s
	other.t = t
	return &other
}

// Log is what the application has logged so far.
func (s *Stack) Log() string { return s.log.String() }

func (s *Stack) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// template is the state of a new cloud, built once in a process: the contents of
// its database files by name.
var template = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "novatest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cloud, err := devcloud.New(context.Background(), devcloud.Options{State: dir, URL: "http://127.0.0.1"})
	if err != nil {
		return nil, err
	}
	if err := cloud.Close(); err != nil { // now the files are all there is
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range databases {
		if files[name], err = os.ReadFile(filepath.Join(dir, name+".sqlite")); err != nil {
			return nil, err
		}
	}
	return files, nil
})

var databases = []string{"nova_api", "nova_cell0", "nova_cell1", "services"}

// openDatabases puts the databases of a new cloud into the state directory, or takes
// empty ones of the server that the environment names.
func (s *Stack) openDatabases() {
	s.t.Helper()
	files, err := template()
	s.must(err)
	server, err := onServer()
	s.must(err)
	if server != nil {
		s.databases = &devcloud.Databases{API: s.take(server.api), Cell0: s.take(server.cell), Cell1: s.take(server.cell)}
		files = map[string][]byte{"services": files["services"]}
	} else {
		file := func(name string) string { return "sqlite:///" + filepath.Join(s.State, name+".sqlite") }
		s.databases = &devcloud.Databases{API: file("nova_api"), Cell0: file("nova_cell0"), Cell1: file("nova_cell1")}
	}
	for name, content := range files {
		s.must(os.WriteFile(filepath.Join(s.State, name+".sqlite"), content, 0o600))
	}
	open := func(name, connection string) *db.DB {
		d, err := db.Open(connection, db.Options{Unsynced: true})
		s.must(err)
		s.shared.snapshots[name] = &snapshots{d: d}
		s.t.Cleanup(s.shared.snapshots[name].close)
		return d
	}
	s.api, s.cell0, s.cell1 = open("api", s.databases.API), open("cell0", s.databases.Cell0), open("cell1", s.databases.Cell1)
}

// take answers the URL of a database that is the test's until it ends.
func (s *Stack) take(c *copies) string {
	s.t.Helper()
	d, err := c.take(context.Background())
	s.must(err)
	s.t.Cleanup(func() { c.give(d) })
	return d
}

// OnSQLite skips a test that is about SQLite itself where the databases are on a server.
func OnSQLite(t testing.TB) {
	t.Helper()
	if server, _ := onServer(); server != nil {
		t.Skip("this is about SQLite, and NOVATEST_API names a database server")
	}
}

// Connection is the URL of a database of the stack: "nova_api", "nova_cell0" or
// "nova_cell1".
func (s *Stack) Connection(name string) string {
	return map[string]string{"nova_api": s.databases.API, "nova_cell0": s.databases.Cell0, "nova_cell1": s.databases.Cell1}[name]
}

// Exec runs SQL on the database "api", "cell0" or "cell1".
func (s *Stack) Exec(database, query string, args ...any) {
	s.t.Helper()
	_, err := db.Exec(context.Background(), s.database(database), query, args...)
	s.must(err)
}

// Value answers the one value of a query, as text.
func (s *Stack) Value(database, query string, args ...any) string {
	s.t.Helper()
	var v any
	s.must(s.database(database).One(context.Background(), []any{&v}, query, args...))
	switch v := v.(type) {
	case []byte:
		return string(v)
	case bool: // PostgreSQL's
		return map[bool]string{false: "0", true: "1"}[v]
	}
	return fmt.Sprint(v)
}

func (s *Stack) database(name string) *db.DB {
	s.t.Helper()
	d := map[string]*db.DB{"api": s.api, "cell0": s.cell0, "cell1": s.cell1}[name]
	if d == nil {
		s.t.Fatalf("no database %q: there are api, cell0 and cell1", name)
	}
	return d
}
