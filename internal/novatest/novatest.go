// Package novatest runs the compute application with the embedded cloud over HTTP, for tests. The databases of the cloud
// are in a temporary directory of the test.
//
//	s := novatest.New(t)
//	vm := s.Server(novatest.VM{Name: "web"})
//	s.As("demo").MV("2.90").Do("GET /servers/" + vm.UUID).Expect(200).Has(`{"server": {"name": "web"}}`)
//
// Changes compares the databases before and after a request:
//
//	s.Changes(func() { … }).Expect(`api INSERT flavors id=7 name=x *`)
//
// If NOVATEST_API and NOVATEST_CELL contain URLs of databases of MariaDB or PostgreSQL, the tests use copies of these
// databases.
package novatest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
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

// Option changes the stack that New returns.
type Option func(*settings)

type settings struct {
	conf      string
	files     map[string]string
	filters   paste.Registry
	unstarted bool
	compute   bool
	cells     int
	latency   time.Duration
	events    bool
	before    func(*Stack)
}

// Conf adds text to nova.conf. It overrides earlier values.
func Conf(text string) Option { return func(s *settings) { s.conf += text + "\n" } }

// File writes a file next to nova.conf: policy.yaml, api-paste.ini.
func File(name, text string) Option { return func(s *settings) { s.files[name] = text } }

// Filters adds factories of paste filters, as a program that embeds the application does.
func Filters(r paste.Registry) Option { return func(s *settings) { s.filters = r } }

// Cells gives the stack n cells, cell0 and cell1 included: "cell2" and so on have no services.
func Cells(n int) Option { return func(s *settings) { s.cells = n } }

// Latency is added to each statement of the application on SQLite, as on a network.
func Latency(d time.Duration) Option { return func(s *settings) { s.latency = d } }

// Before calls f after the databases are created and before the application starts.
func Before(f func(*Stack)) Option { return func(s *settings) { s.before = f } }

// Unstarted returns from New before the application has started, for tests in which it does not start.
func Unstarted() Option { return func(s *settings) { s.unstarted = true } }

// WithCompute makes the stand-ins for nova-conductor and nova-compute process the messages of the application: servers are
// built and changed without delay. See [Stack.Settle].
func WithCompute() Option { return func(s *settings) { s.compute = true } }

// Events serves GET /servers/events at the address of the stack: see [Client.Events].
func Events() Option { return func(s *settings) { s.events = true } }

// unsynced has SQLite not wait for its disk: nobody needs the databases after the test.
const unsynced = "[database]\nsqlite_synchronous = False\n[api_database]\nsqlite_synchronous = False\n"

// Stack is an application with its cloud. Its methods end the test on failure.
type Stack struct {
	t     testing.TB
	State string // directory of the databases and of nova.conf
	URL   string // "http://127.0.0.1:41234"

	// Broker carries the application's RPC messages. Without WithCompute it has no consumers: calls time out immediately, unless the
	// test handles them.
	Broker *rpc.Memory
	// Metrics contains the Prometheus metrics of the application.
	Metrics *prometheus.Registry

	databases   *devcloud.Databases
	opened      map[string]*db.DB // by name: api, cell0, cell1, and those of Cells
	log         *testproc.Output
	began       time.Time
	shared      *sharedState
	cloud       http.Handler  // the stand-ins, and the application behind requests
	requests    *serve.Switch // passes requests to the application
	hungUp      context.Context
	hangUp      context.CancelFunc // closes the connections of the application's clients
	connections *connections
	stop        context.CancelFunc // stops the application
}

// sharedState contains what the copies of a Stack for subtests share.
type sharedState struct {
	snapshots map[string]*snapshots // by database

	mu     sync.Mutex
	tokens map[string]string
	vms    int
}

// New returns a stack, which is stopped at the end of the test.
func New(t testing.TB, opts ...Option) *Stack {
	t.Helper()
	o := settings{files: map[string]string{}}
	for _, opt := range opts {
		opt(&o)
	}
	s := &Stack{t: t, State: t.TempDir(), Broker: rpc.NewMemory(), Metrics: prometheus.NewRegistry(), log: &testproc.Output{}, began: time.Now().Add(-time.Second), shared: &sharedState{snapshots: map[string]*snapshots{}, tokens: map[string]string{}}}
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
	for n := 2; n < o.cells; n++ {
		s.addCell(fmt.Sprint("cell", n))
	}
	if o.before != nil {
		o.before(s)
	}
	c, err := config.Load(config.Sources{Prog: compute.Prog, Files: []string{filepath.Join(s.State, "nova.conf"), filepath.Join(s.State, "test.conf")}})
	s.must(err)
	if o.compute {
		s.must(cloud.Serve(ctx, s.Broker))
	}
	options := compute.Options{Config: c, Filters: o.filters, Log: &log, Metrics: s.Metrics}
	if o.events { // whose tokens expire by the clock of the cloud
		app = cloud.Context(app)
		options.Events = func(h http.Handler) { cloud.Events = h }
	}
	nova, err := compute.New(rpc.WithMemory(db.WithLatency(app, o.latency), s.Broker), options)
	s.must(err)
	s.requests.Set(nova, nil)
	s.cloud = cloud.Handler(http.HandlerFunc(s.serve))
	server.Config.Handler, server.Config.ConnState = s.cloud, s.connections.state
	server.Start()
	if !o.unstarted { // New returns before that if the databases are slow
		root := s.As("").At("")
		testproc.Eventually(t, "the application has started", func() bool { return root.Do("GET /").Status != http.StatusServiceUnavailable })
		root.Do("GET /").Expect(http.StatusOK)
	}
	return s
}

// serve passes a request to the application. Terminate cancels it through hungUp.
func (s *Stack) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.hungUp, cancel)()
	s.requests.ServeHTTP(w, r.WithContext(ctx))
}

// Terminate stops the application as a process does at the end of its drain time: it closes the connections of all
// clients, waits for the operations in progress, and stops. The stand-ins continue to run.
func (s *Stack) Terminate() {
	s.t.Helper()
	s.hangUp()
	s.must(s.requests.Close(s.t.Context()))
	s.stop()
}

// Settle waits until the stand-ins have processed all messages.
func (s *Stack) Settle() { s.Broker.Wait() }

// In returns the stack for a subtest.
func (s *Stack) In(t testing.TB) *Stack {
	other := *s
	other.t = t
	return &other
}

// Log returns the application's log.
func (s *Stack) Log() string { return s.log.String() }

func (s *Stack) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// templateFiles returns the database files of a new cloud by name. They are created once in a process.
var templateFiles = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "novatest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cloud, err := devcloud.New(context.Background(), devcloud.Options{State: dir, URL: "http://127.0.0.1"})
	if err != nil {
		return nil, err
	}
	if err := cloud.Close(); err != nil { // flushes the databases to the files
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range databaseNames {
		if files[name], err = os.ReadFile(filepath.Join(dir, name+".sqlite")); err != nil {
			return nil, err
		}
	}
	return files, nil
})

var databaseNames = []string{"nova_api", "nova_cell0", "nova_cell1", "services"}

// openDatabases writes the databases of a new cloud into the state directory, or uses empty databases of the database
// server.
func (s *Stack) openDatabases() {
	s.t.Helper()
	files, err := templateFiles()
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
	s.opened = map[string]*db.DB{}
	s.open("api", s.databases.API)
	s.open("cell0", s.databases.Cell0)
	s.open("cell1", s.databases.Cell1)
}

func (s *Stack) open(name, connection string) {
	s.t.Helper()
	d, err := db.Open(connection, db.Options{Unsynced: true})
	s.must(err)
	s.opened[name], s.shared.snapshots[name] = d, &snapshots{d: d}
	s.t.Cleanup(s.shared.snapshots[name].close)
}

// addCell adds a cell without services.
func (s *Stack) addCell(name string) {
	s.t.Helper()
	server, err := onServer()
	s.must(err)
	connection := "sqlite:///" + filepath.Join(s.State, name+".sqlite")
	if server != nil {
		connection = s.take(server.cell)
	} else {
		files, err := templateFiles()
		s.must(err)
		s.must(os.WriteFile(filepath.Join(s.State, name+".sqlite"), files["nova_cell0"], 0o600))
	}
	s.open(name, connection)
	s.insert("api", "cell_mappings", row{"uuid": uuid.NewString(), "name": name, "transport_url": "fake://", "disabled": false, "database_connection": connection})
}

// take returns the URL of a database that the test uses until it ends.
func (s *Stack) take(c *databaseCopies) string {
	s.t.Helper()
	d, err := c.take(context.Background())
	s.must(err)
	s.t.Cleanup(func() { c.give(d) })
	return d
}

// OnSQLite skips a test of behaviour of SQLite if the tests use a database server.
func OnSQLite(t testing.TB) {
	t.Helper()
	if server, _ := onServer(); server != nil {
		t.Skip("the test is about SQLite, but NOVATEST_API names a database server")
	}
}

// Connection returns the URL of a database of the stack: "nova_api", "nova_cell0" or "nova_cell1".
func (s *Stack) Connection(name string) string {
	return map[string]string{"nova_api": s.databases.API, "nova_cell0": s.databases.Cell0, "nova_cell1": s.databases.Cell1}[name]
}

// Exec executes SQL on the database "api", "cell0", "cell1" or that of a cell of Cells.
func (s *Stack) Exec(database, query string, args ...any) {
	s.t.Helper()
	_, err := db.Exec(context.Background(), s.database(database), query, args...)
	s.must(err)
}

// Value returns the only value of a query as a string.
func (s *Stack) Value(database, query string, args ...any) string {
	s.t.Helper()
	var v any
	s.must(s.database(database).One(context.Background(), []any{&v}, query, args...))
	switch v := v.(type) {
	case []byte:
		return string(v)
	case bool: // from PostgreSQL
		return map[bool]string{false: "0", true: "1"}[v]
	}
	return fmt.Sprint(v)
}

func (s *Stack) database(name string) *db.DB {
	s.t.Helper()
	d := s.opened[name]
	if d == nil {
		s.t.Fatalf("no database %q: there are %v", name, slices.Sorted(maps.Keys(s.opened)))
	}
	return d
}
