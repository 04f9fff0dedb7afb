package compute_test

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// following is the configuration of a service that looks for its release every second.
const following = "[DEFAULT]\nreport_interval = 1\nservice_down_time = 60"

// serves waits until a stack has a microversion as its newest.
func serves(t *testing.T, s *novatest.Stack, want string) {
	t.Helper()
	testproc.Eventually(t, "the API serves "+want, func() bool { return newest(s) == want })
}

func newest(s *novatest.Stack) string {
	return s.As("none").At("").Do("GET /v2.1/").Expect(200).At("version", "version")
}

// TestComputesThatAreTooOldForTheNextRelease keep the API at its release, and do not keep it ahead of its conductors.
func TestComputesThatAreTooOldForTheNextRelease(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf(following), novatest.Before(func(s *novatest.Stack) {
		s.Service("ctl", "nova-conductor", 72)
		s.Service("host", "nova-compute", 68)
	}))
	to := func(host string, version int) {
		s.Exec("cell1", "UPDATE services SET version = ? WHERE host = ?", version, host)
	}
	to("ctl", 74)
	logged(t, s, "Still serving as Nova 33.0.2 (2026.1 Gazpacho): Current Nova version does not support computes older than Gazpacho")
	if got := newest(s); got != "2.103" {
		t.Errorf("it serves %s beside computes that are too old for it", got)
	}
	to("host", 74)
	serves(t, s, "2.104")
	to("host", 60)
	to("ctl", 72)
	serves(t, s, "2.103")
	logged(t, s, "Still serving as Nova 33.0.2 (2026.1 Gazpacho): Current Nova version does not support computes older than Epoxy")
	s.As("demo").Do("GET /flavors").Expect(200)
}

// TestARowThatCannotBeWritten is written later.
func TestARowThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	novatest.OnSQLite(t)
	s := novatest.New(t, novatest.Conf(following), novatest.Before(func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 72) }))
	s.Exec("cell1", "CREATE TRIGGER keep BEFORE UPDATE ON services WHEN OLD.host = 'dev' BEGIN SELECT RAISE(ABORT, 'disk full'); END")
	s.Exec("cell1", "UPDATE services SET version = 74 WHERE host = 'ctl'")
	serves(t, s, "2.104")
	s.Exec("cell1", "DROP TRIGGER keep")
	testproc.Eventually(t, "the row has the release", func() bool { return s.Value("cell1", "SELECT version FROM services WHERE host = 'dev'") == "74" })
	logged(t, s, "Serving as Nova 34.0.0")
}

// TestBesideACellThatIsAway since the start, the API does not change to a newer release, goes on beside conductors that are
// too new, and follows them back.
func TestBesideACellThatIsAway(t *testing.T) {
	t.Parallel()
	var looked atomic.Int64
	far := testproc.Listen(t, func(net.Conn) { looked.Add(1) })
	s := novatest.New(t, novatest.Conf(following), novatest.Before(func(s *novatest.Stack) {
		s.Service("ctl", "nova-conductor", 72)
		s.DownCell("far")
		s.Exec("api", "UPDATE cell_mappings SET database_connection = ? WHERE name = 'far'", "mysql+pymysql://nova:secret@"+far.Addr().String()+"/far")
	}))
	to := func(version int) {
		s.Exec("cell1", "UPDATE services SET version = ? WHERE host = 'ctl'", version)
	}
	before := looked.Load()
	to(74)
	testproc.Eventually(t, "it has looked again", func() bool { return looked.Load() > before+2 })
	if got := newest(s); got != "2.103" {
		t.Errorf("it serves %s although a cell does not answer", got)
	}
	to(76)
	logged(t, s, "Still serving as Nova 33.0.2 (2026.1 Gazpacho): a live nova-conductor, on host ctl in cell cell1")
	s.As("demo").Do("GET /flavors").Expect(200)
	to(70)
	serves(t, s, "2.100")
	testproc.Eventually(t, "the metrics show the release", func() bool {
		all := series(t, s)
		_, before := all["nova_serving_info{release=33.0.2}"]
		return all["nova_serving_info{release=32.2.1}"] == 1 && !before
	})
	if n := strings.Count(s.Log(), "Serving as Nova 32.2.1"); n > 1 {
		t.Errorf("the log says it %d times", n)
	}
}

// TestMetricsAfterAFailedReload: those of the databases remain those of the application that serves.
func TestMetricsAfterAFailedReload(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	before := series(t, s)
	for name, spoil := range map[string]func(*config.Config){
		"a mistake":       func(c *config.Config) { c.WSGI.Release = "nonsense" },
		"another release": func(*config.Config) { s.Service("ctl", "nova-conductor", 76) },
	} {
		c, err := config.Load(config.Sources{Prog: compute.Prog, Files: []string{filepath.Join(s.State, "nova.conf")}})
		if err != nil {
			t.Fatal(err)
		}
		c.Database.MaxPoolSize, c.APIDatabase.MaxPoolSize = 7, 7
		spoil(c)
		log := zerolog.Nop()
		ctx, end := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		_, err = compute.New(ctx, compute.Options{Config: c, Log: &log, Metrics: s.Metrics, Fail: func(err error) { failed <- err }})
		if err == nil {
			err = <-failed
		}
		end()
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		testproc.Eventually(t, name+": the databases are those of the first application", func() bool {
			now := series(t, s)
			const pool = "nova_database_connections{database=api,state=max}"
			return now[pool] == before[pool] && now["nova_database_up{database=api}"] == 1
		})
	}
}
