package compute_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/startup"
	"github.com/nova-go/nova/metadata"
)

// start builds both services on the databases of a stack, beside its own, under
// another name of host, and answers what they fail with.
func start(t *testing.T, s *novatest.Stack) (api, guests chan error) {
	t.Helper()
	api, guests = make(chan error, 1), make(chan error, 1)
	log := zerolog.Nop()
	c, err := config.Load(config.Sources{Prog: compute.Prog, Files: []string{filepath.Join(s.State, "nova.conf")}})
	if err != nil {
		t.Fatal(err)
	}
	c.Default.Host = "other"
	if _, err := compute.New(t.Context(), compute.Options{Config: c, Log: &log, Fail: func(err error) { api <- err }}); err != nil {
		t.Fatal(err)
	}
	if _, err := metadata.New(t.Context(), metadata.Options{Config: c, Log: &log, Fail: func(err error) { guests <- err }}); err != nil {
		t.Fatal(err)
	}
	return api, guests
}

// registered waits until both services have their row of services.
func registered(t *testing.T, s *novatest.Stack) {
	t.Helper()
	testproc.Eventually(t, "both services have started", func() bool {
		return s.Value("cell1", "SELECT COUNT(*) FROM services WHERE host = 'other'") == "2"
	})
}

// logged waits until the log of a stack has a text.
func logged(t *testing.T, s *novatest.Stack, text string) {
	t.Helper()
	testproc.Eventually(t, "the log says "+text, func() bool { return strings.Contains(s.Log(), text) })
}

// TestOtherReleases: beside services of another release nothing is written.
func TestOtherReleases(t *testing.T) {
	t.Parallel()
	head := func(s *novatest.Stack, revision string) {
		s.Exec("cell1", "UPDATE alembic_version SET version_num = ?", revision)
	}
	s := novatest.New(t)
	for _, c := range []struct {
		name string
		set  func(*novatest.Stack)
		want string // "": it starts
	}{
		{"no conductor", func(*novatest.Stack) {}, ""},
		{"an old conductor", func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 72) }, "on host ctl in cell cell1 (*), has the service version 72, 2026.1 Gazpacho; this is Nova 34.0.0 (2026.2 Hibiscus"},
		{"the oldest counts", func(s *novatest.Stack) {
			s.Service("ctl", "nova-conductor")
			s.Service("ctl2", "nova-conductor", 67)
		}, "on host ctl2 in cell cell1 (*), has the service version 67, 2024.1 Caracal or 2024.2 Dalmatian"},
		{"one in between", func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 73) }, "version 73, between 2026.1 Gazpacho and 2026.2 Hibiscus"},
		{"a newer one", func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 76) }, "version 76, newer than 2026.2 Hibiscus"},
		{"one that is disabled", func(s *novatest.Stack) {
			s.Service("ctl", "nova-conductor", 72)
			s.Exec("cell1", "UPDATE services SET disabled = ? WHERE host = 'ctl'", true)
		}, "version 72"},
		{"one that is dead", func(s *novatest.Stack) {
			s.Service("ctl", "nova-conductor", 72)
			s.Exec("cell1", "UPDATE services SET last_seen_up = '2020-01-01 00:00:00' WHERE host = 'ctl'")
		}, ""},
		{"an old database", func(s *novatest.Stack) { head(s, "2903cd72dc14") }, "has the revision 2903cd72dc14, 2025.1 Epoxy or 2025.2 Flamingo or 2026.1 Gazpacho, and no nova-conductor is alive"},
		{"an unknown database", func(s *novatest.Stack) { head(s, "0123456789ab") }, "has the revision 0123456789ab, of no release that is known here"},
		{"a new database under our conductors", func(s *novatest.Stack) {
			head(s, "0123456789ab")
			s.Service("ctl", "nova-conductor")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.In(t)
			s.Exec("cell1", "DELETE FROM services WHERE host <> 'dev'")
			head(s, "ab450ba04102")
			c.set(s)
			changed := s.Changes(func() {
				api, guests := start(t, s)
				if c.want == "" {
					registered(t, s)
					return
				}
				for _, failed := range []chan error{api, guests} {
					select {
					case err := <-failed:
						var other *startup.OtherReleaseError
						before, after, _ := strings.Cut(c.want, "*")
						if !errors.As(err, &other) || !strings.Contains(err.Error(), before) || !strings.Contains(err.Error(), after) || strings.Contains(err.Error(), "\n") {
							t.Errorf("%v", err)
						}
					case <-time.After(time.Minute):
						t.Fatal("it does not say that it cannot serve")
					}
				}
			}).Lines
			want := 0
			if c.want == "" {
				want = 2
			}
			if len(changed) != want {
				t.Errorf("the databases changed by\n%s", strings.Join(changed, "\n"))
			}
		})
	}
}

// TestAnEmbeddedServiceGoesOnLooking: without Fail it answers 503 until the other
// services are of its release.
func TestAnEmbeddedServiceGoesOnLooking(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Unstarted(), novatest.Before(func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 72) }))
	s.As("none").At("").Do("GET /").Expect(503).HasHeader("Retry-After", "5")
	logged(t, s, "2026.1 Gazpacho")
	if got := s.Value("cell1", "SELECT COUNT(*) FROM services WHERE version = 74"); got != "0" {
		t.Errorf("%s rows", got)
	}
	s.Exec("cell1", "UPDATE services SET version = 74")
	testproc.Eventually(t, "it has looked again", func() bool { return s.As("none").At("").Do("GET /").Status != 503 })
	s.As("demo").Do("GET /flavors").Expect(200)
}

// TestAnOldCellThatWasAway is found out when it answers.
func TestAnOldCellThatWasAway(t *testing.T) {
	t.Parallel()
	novatest.OnSQLite(t)
	s := novatest.New(t)
	disk := filepath.Join(t.TempDir(), "disk")
	s.DownCell("far")
	s.Exec("api", "UPDATE cell_mappings SET database_connection = ? WHERE name = 'far'", "sqlite:///"+disk+"/far.sqlite")
	api, guests := start(t, s)
	registered(t, s)
	select {
	case err := <-api:
		t.Fatalf("a cell that is away keeps it from starting: %v", err)
	default:
	}
	s.Service("ctl", "nova-conductor", 72) // in cell1, whose database becomes that of the other
	s.Exec("cell1", "PRAGMA wal_checkpoint(TRUNCATE)")
	content, err := os.ReadFile(filepath.Join(s.State, "nova_cell1.sqlite"))
	if err == nil {
		err = os.Mkdir(disk, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(disk, "far.sqlite"), content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, failed := range []chan error{api, guests} {
		select {
		case err := <-failed:
			if !strings.Contains(err.Error(), "on host ctl in cell far") {
				t.Errorf("%v", err)
			}
		case <-time.After(time.Minute):
			t.Fatal("it is not found out")
		}
	}
}

// TestMissingTables are waited for, and so are databases that refuse.
func TestMissingTables(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"services", "alembic_version"} {
		t.Run(table, func(t *testing.T) {
			s := novatest.New(t, novatest.Unstarted(), novatest.Before(func(s *novatest.Stack) { s.Exec("cell1", "ALTER TABLE "+table+" RENAME TO away") }))
			for _, path := range []string{"/", "/healthcheck", "/v2.1/flavors"} {
				s.As("none").At("").Do("GET "+path).Expect(503).HasHeader("Retry-After", "5")
			}
			logged(t, s, "[database] connection: the database at ")
			s.Exec("cell1", "ALTER TABLE away RENAME TO "+table)
			testproc.Eventually(t, "it has looked again", func() bool { return s.As("none").At("").Do("GET /").Status != 503 })
			s.As("demo").Do("GET /flavors").Expect(200)
		})
	}
}
