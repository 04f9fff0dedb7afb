package compute_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
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

// TestTheReleaseOfTheDeployment: the rows of both services have the version of the release; beside
// services of an unknown one nothing is written.
func TestTheReleaseOfTheDeployment(t *testing.T) {
	t.Parallel()
	head := func(s *novatest.Stack, revision string) {
		s.Exec("cell1", "UPDATE alembic_version SET version_num = ?", revision)
	}
	s := novatest.New(t, novatest.Conf("[wsgi]\nrelease = 2026.2")) // its own application stays as it is
	for _, c := range []struct {
		name string
		set  func(*novatest.Stack)
		want string // the version in its rows, or the reason for which it does not start
	}{
		{"no conductor", func(*novatest.Stack) {}, "74"},
		{"an old conductor", func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 72) }, "72"},
		{"the oldest counts", func(s *novatest.Stack) {
			s.Service("ctl", "nova-conductor")
			s.Service("ctl2", "nova-conductor", 67)
		}, "67"},
		{"one in between", func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 73) }, "72"},
		{"one that is older than all", func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 66) },
			"a live nova-conductor, on host ctl in cell cell1 (*), has the service version 66, older than 2024.1 Caracal; this program serves the releases from 2024.1 Caracal to 2026.2 Hibiscus"},
		{"a newer one", func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 76) }, "version 76, newer than 2026.2 Hibiscus"},
		{"one that is disabled", func(s *novatest.Stack) {
			s.Service("ctl", "nova-conductor", 72)
			s.Exec("cell1", "UPDATE services SET disabled = ? WHERE host = 'ctl'", true)
		}, "72"},
		{"one that is dead beside one that lives", func(s *novatest.Stack) {
			s.Service("ctl", "nova-conductor")
			s.Service("ctl2", "nova-conductor", 72)
			s.Exec("cell1", "UPDATE services SET last_seen_up = '2020-01-01 00:00:00' WHERE host = 'ctl2'")
		}, "74"},
		{"the last one to die", func(s *novatest.Stack) {
			s.Service("ctl", "nova-conductor", 70)
			s.Service("ctl2", "nova-conductor", 72)
			s.Exec("cell1", "UPDATE services SET last_seen_up = '2020-01-01 00:00:00' WHERE host = 'ctl'")
			s.Exec("cell1", "UPDATE services SET last_seen_up = '2020-01-02 00:00:00' WHERE host = 'ctl2'")
		}, "72"},
		{"an old database", func(s *novatest.Stack) { head(s, "2903cd72dc14") }, "68"},
		{"an old database under new conductors", func(s *novatest.Stack) {
			head(s, "2903cd72dc14")
			s.Service("ctl", "nova-conductor")
		}, "version 74, 2026.2 Hibiscus, but the main database, of [database] connection (*) at *, has the revision 2903cd72dc14, 2025.1 Epoxy or 2025.2 Flamingo or 2026.1 Gazpacho"},
		{"a new database under old conductors", func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 68) }, "68"},
		{"an unknown database", func(s *novatest.Stack) { head(s, "0123456789ab") }, "has the revision 0123456789ab, of no release that is known here"},
		{"an unknown database under our conductors", func(s *novatest.Stack) {
			head(s, "0123456789ab")
			s.Service("ctl", "nova-conductor")
		}, "74"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.In(t)
			s.Exec("cell1", "DELETE FROM services WHERE host <> 'dev'")
			head(s, "ab450ba04102")
			c.set(s)
			_, err := strconv.Atoi(c.want)
			version := err == nil
			changed := s.Changes(func() {
				api, guests := start(t, s)
				if version {
					registered(t, s)
					if got := s.Value("cell1", "SELECT MIN(version) FROM services WHERE host = 'other'"); got != c.want {
						t.Errorf("its rows have the version %s, want %s", got, c.want)
					}
					return
				}
				for _, failed := range []chan error{api, guests} {
					select {
					case err := <-failed:
						var other *startup.OtherReleaseError
						if !errors.As(err, &other) || strings.Contains(err.Error(), "\n") {
							t.Errorf("%v", err)
						}
						for part := range strings.SplitSeq(c.want, "*") {
							if !strings.Contains(err.Error(), part) {
								t.Errorf("%q is not in %v", part, err)
							}
						}
					case <-time.After(time.Minute):
						t.Fatal("it does not say that it cannot serve")
					}
				}
			}).Lines
			want := 0
			if version {
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
	s := novatest.New(t, novatest.Unstarted(), novatest.Before(func(s *novatest.Stack) { s.Service("ctl", "nova-conductor", 76) }))
	s.As("none").At("").Do("GET /").Expect(503).HasHeader("Retry-After", "5")
	logged(t, s, "newer than 2026.2 Hibiscus")
	if got := s.Value("cell1", "SELECT COUNT(*) FROM services WHERE version <> 76"); got != "0" {
		t.Errorf("%s rows", got)
	}
	s.Exec("cell1", "UPDATE services SET version = 74")
	testproc.Eventually(t, "it has looked again", func() bool { return s.As("none").At("").Do("GET /").Status != 503 })
	s.As("demo").Do("GET /flavors").Expect(200)
}

// TestAnOldCellThatWasAway: the release is that of its conductor when it answers.
func TestAnOldCellThatWasAway(t *testing.T) {
	t.Parallel()
	novatest.OnSQLite(t)
	s := novatest.New(t)
	disk := filepath.Join(t.TempDir(), "disk")
	s.DownCell("far")
	s.Exec("api", "UPDATE cell_mappings SET database_connection = ? WHERE name = 'far'", "sqlite:///"+disk+"/far.sqlite")
	api, _ := start(t, s)
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
	testproc.Eventually(t, "both services are of the release of the cell", func() bool {
		return s.Value("cell1", "SELECT COUNT(*) FROM services WHERE host = 'other' AND version = 72") == "2"
	})
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
