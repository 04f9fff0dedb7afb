package compute_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

func TestServersOfACellThatIsDown(t *testing.T) {
	t.Parallel()
	down := novatest.Before(func(s *novatest.Stack) { s.DownCell("far") })
	s := novatest.New(t, down)
	here := s.Server(novatest.VM{Name: "here"})
	far := s.Server(novatest.VM{Name: "far", Cell: "far"})
	demo := s.As("demo")
	t.Run("before 2.69", func(t *testing.T) {
		c := demo.In(t).MV("2.68")
		if got := c.Do("GET /servers").Expect(200).Names("servers"); got != "here" {
			t.Errorf("lists %s", got)
		}
		c.Do("GET /servers/"+far.UUID).Expect(500).Fault("computeFault", "Unexpected API Error. *")
	})
	t.Run("since 2.69", func(t *testing.T) {
		c := demo.In(t).MV("2.69")
		unknown := `{"id": "` + far.UUID + `", "status": "UNKNOWN", "links": ["*", "*"]}`
		c.Do("GET /servers").Expect(200).JSON(`{"servers": [` + unknown + `, {"id": "` + here.UUID + `", "name": "here", "links": ["*", "*"]}]}`)
		c.Do("GET /servers/detail").Expect(200).Has(`{"servers": [{"id": "` + far.UUID + `", "status": "UNKNOWN", "tenant_id": "` + novatest.NameID("project", "demo") + `", "created": "*"}, {"name": "here"}]}`)
		c.Do("GET /servers/" + far.UUID).Expect(200).JSON(`{"server": {"id": "` + far.UUID + `", "status": "UNKNOWN", "tenant_id": "` + novatest.NameID("project", "demo") + `",
			"user_id": "` + novatest.NameID("user", "demo") + `", "created": "2026-05-01T12:02:00Z", "links": ["*", "*"], "image": {"id": "70a599e0-31e7-49b7-b260-868f441e862b", "links": ["*"]},
			"flavor": {"vcpus": 1, "ram": 512, "disk": 1, "ephemeral": 0, "swap": 0, "original_name": "m1.tiny", "extra_specs": "*"},
			"OS-EXT-AZ:availability_zone": "UNKNOWN", "OS-EXT-STS:power_state": 0}}`)
		// What is filtered or paged cannot show what is not known.
		if got := c.Do("GET /servers?name=a").Expect(200).Names("servers"); got != "" {
			t.Errorf("lists %s", got)
		}
		if got := c.Do("GET /servers?limit=5").Expect(200).Names("servers"); got != "here" {
			t.Errorf("lists %s", got)
		}
	})
	t.Run("refused by configuration", func(t *testing.T) {
		s := novatest.New(t, novatest.Conf("[api]\nlist_records_by_skipping_down_cells = false"), down)
		s.As("demo").MV("2.68").Do("GET /servers").Expect(500)
		s.As("demo").MV("2.69").Do("GET /servers").Expect(200)
	})
}

// TestSilentCellIsLeftAlone: once a cell has not answered in time, requests do not wait for it.
func TestSilentCellIsLeftAlone(t *testing.T) {
	t.Parallel()
	hole, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hole.Close()
	var connections atomic.Int64
	go func() {
		for {
			c, err := hole.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			defer c.Close() // it is open, and says nothing
		}
	}()
	s := novatest.New(t, novatest.Before(func(s *novatest.Stack) {
		s.DownCell("far")
		s.Exec("api", "UPDATE cell_mappings SET database_connection = ? WHERE name = 'far'", "mysql+pymysql://nova:secret@"+hole.Addr().String()+"/far?connect_timeout=2")
	}))
	s.Server(novatest.VM{Name: "here"})
	s.Server(novatest.VM{Name: "far", Cell: "far"})
	demo := s.As("demo").MV("2.69")
	const requests = 40
	for range requests {
		demo.Do("GET /servers").Expect(200).Has(`{"servers": [{"status": "UNKNOWN"}, {"name": "here"}]}`)
	}
	if n := connections.Load(); n > requests/4 {
		t.Errorf("%d requests opened %d connections to a cell that does not answer", requests, n)
	}
}

// TestDatabaseThatIsAway starts with the directory of the databases missing, and
// puts it back.
func TestDatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	novatest.OnSQLite(t)
	for _, c := range []struct{ group, database string }{{"api_database", "nova_api"}, {"database", "nova_cell1"}} {
		t.Run(c.group, func(t *testing.T) {
			disk := filepath.Join(t.TempDir(), "disk")
			s := novatest.New(t, novatest.Unstarted(), novatest.Conf("["+c.group+"]\nconnection = sqlite:///"+disk+"/"+c.database+".sqlite"))
			r := s.As("none").At("").Do("GET /").Expect(503).HasHeader("Retry-After", "5")
			if strings.Contains(string(r.Body), disk) {
				t.Errorf("the answer shows the configuration: %s", r.Body)
			}
			// The identity service is not behind the database, and goes on.
			demo := s.As("demo")
			demo.Do("GET /flavors").Expect(503)
			if err := os.Mkdir(disk, 0o700); err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(filepath.Join(s.State, c.database+".sqlite"))
			if err == nil {
				err = os.WriteFile(filepath.Join(disk, c.database+".sqlite"), content, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			testproc.Eventually(t, "it has tried again", func() bool { return demo.Do("GET /flavors").Status != 503 })
			demo.Do("GET /flavors").Expect(200)
		})
	}
}

func TestDatabaseServerThatIsAway(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Unstarted(), novatest.Conf("[api_database]\nconnection = mysql+pymysql://nova:very-secret@127.0.0.1:1/nova_api"))
	s.As("none").At("").Do("GET /v2.1").Expect(503).HasHeader("Retry-After", "5")
	logged(t, s, "cannot start yet")
	if !strings.Contains(s.Log(), "[api_database] connection: the database at 127.0.0.1:1/nova_api: ") || strings.Contains(s.Log(), "very-secret") {
		t.Errorf("the log says\n%s", s.Log())
	}
}

func TestComputesThatAreTooOld(t *testing.T) {
	t.Parallel()
	old := novatest.Before(func(s *novatest.Stack) { s.Service("ancient", "nova-compute", 60) })
	s := novatest.New(t, novatest.Unstarted(), old)
	logged(t, s, "cannot start yet")
	r := s.As("none").At("").Do("GET /").Expect(500)
	if !strings.HasPrefix(string(r.Body), "Out of date osapi_compute service Current Nova version does not support computes older than") {
		t.Errorf("%s", r.Body)
	}
	s = novatest.New(t, old, novatest.Conf("[workarounds]\ndisable_compute_service_check_for_ffu = true"))
	s.As("demo").Do("GET /flavors").Expect(200)
}

// TestStartWritesTheServicesRow looks at what other Novas see of this process.
func TestStartWritesTheServicesRow(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for column, want := range map[string]string{"host": "dev", "binary": "nova-osapi_compute", "version": "74", "disabled": "0"} {
		if got := s.Value("cell1", "SELECT ? FROM services", bun.Ident(column)); got != want {
			t.Errorf("%s is %s", column, got)
		}
	}
}
