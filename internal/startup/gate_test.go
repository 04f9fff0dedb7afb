package startup_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/startup"
)

// served is what is behind the gates of these tests.
var served = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "served") })

// ask answers the status of a request, and its body.
func ask(h http.Handler, method, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	if w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		return w.Code, "no Retry-After"
	}
	return w.Code, w.Body.String()
}

// TestWhatPassesIsNotFinal fails the first tries in every way that an operator mends
// without this process, and wants the application then.
func TestWhatPassesIsNotFinal(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"wrong password": &mysql.MySQLError{Number: 1045, Message: "Access denied"}, "no database": &mysql.MySQLError{Number: 1049, Message: "Unknown database"},
		"lock": &mysql.MySQLError{Number: 1205, Message: "Lock wait timeout exceeded"}, "no table": &mysql.MySQLError{Number: 1146, Message: "Table doesn't exist"},
		"PostgreSQL's password": &pgconn.PgError{Code: "28P01"}, "PostgreSQL's role": &pgconn.PgError{Code: "28000"}, "PostgreSQL's database": &pgconn.PgError{Code: "3D000"},
		"late": context.DeadlineExceeded, "anything": errors.New("what nobody has thought of"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries, again := 0, make(chan struct{})
			g := &startup.Gate{Next: served, Log: zerolog.Nop(), Start: func(context.Context) error {
				if tries++; tries == 1 {
					return failure
				}
				<-again
				return nil
			}}
			g.Open(t.Context())
			for _, path := range []string{"/", "/healthcheck", "/v2.1/servers"} {
				if status, body := ask(g, "GET", path); status != 503 || strings.Contains(body, "no Retry-After") {
					t.Errorf("%s: %d %s", path, status, body)
				}
			}
			close(again)
			opens(t, g)
		})
	}
}

func opens(t *testing.T, g http.Handler) {
	t.Helper()
	testproc.Eventually(t, "it serves", func() bool {
		status, _ := ask(g, "GET", "/x")
		return status == 200
	})
}

// TestRequestsDoNotStart: a start that hangs, or panics, holds no request.
func TestRequestsDoNotStart(t *testing.T) {
	t.Parallel()
	hangs := make(chan struct{})
	g := &startup.Gate{Next: served, Log: zerolog.Nop(), Start: func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a try has no deadline")
		}
		<-hangs
		panic("x")
	}}
	g.Open(t.Context())
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			if status, _ := ask(g, "GET", "/"); status != 503 {
				t.Errorf("%d", status)
			}
		})
	}
	wait.Wait()
	close(hangs)
	if status, _ := ask(g, "GET", "/"); status != 503 {
		t.Errorf("%d", status)
	}
}

// TestReadiness: the probe tells of what is away later on.
func TestReadiness(t *testing.T) {
	t.Parallel()
	var away error
	g := &startup.Gate{Next: served, Log: zerolog.Nop(), Start: func(context.Context) error { return nil }, Ready: func(context.Context) error { return away }}
	g.Open(t.Context())
	for _, away = range []error{nil, errors.New("away"), nil} {
		want := 200
		if away != nil {
			want = 503
		}
		for _, method := range []string{"GET", "HEAD"} {
			if status, body := ask(g, method, "/"); status != want || body == "no Retry-After" {
				t.Errorf("%s: %d %s", method, status, body)
			}
		}
		if status, _ := ask(g, "GET", "/v2.1"); status != 200 {
			t.Errorf("%d", status)
		}
	}
}

// deployment is one on a configuration.
func deployment(t *testing.T, conf string) *startup.Deployment {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nova.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Sources{Files: []string{file}, NoDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	d, err := startup.OpenDatabases(t.Context(), c, nil, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return &startup.Deployment{Config: c, Databases: d}
}

// TestTheLogSaysWhichDatabase once, although it is tried again and again.
func TestTheLogSaysWhichDatabase(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for address, why := range map[string]string{"127.0.0.1:1": "connection refused", silent.Addr().String(): "does not answer in time"} {
		url := "mysql+pymysql://nova:very-secret@" + address + "/nova?connect_timeout=1"
		d := deployment(t, "[api_database]\nconnection = "+url+"\n[database]\nconnection = "+url+"\n")
		out, tries := &testproc.Output{}, make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		g := &startup.Gate{Next: served, Log: zerolog.New(out), Start: func(ctx context.Context) error {
			_, err := d.Find(ctx)
			tries <- struct{}{}
			return err
		}}
		go g.Open(ctx)
		for range 3 {
			<-tries
		}
		stop()
		want := d.Config.Where("database", "connection").String() + ": [database] connection: the database at " + address + "/nova: "
		if text := out.String(); strings.Count(text, "cannot start yet") != 1 || !strings.Contains(text, want) || !strings.Contains(text, why) || strings.Contains(text, "very-secret") {
			t.Errorf("the log does not say once %q and %q:\n%s", want, why, text)
		}
	}
}

// TestNeedApp: Nova's module waits for a database that is away, as long as oslo.db
// does, and for nothing else.
func TestNeedApp(t *testing.T) {
	t.Parallel()
	away := func(options string) error {
		_, err := deployment(t, "[api_database]\nconnection = mysql://127.0.0.1:1/x\n[database]\nconnection = mysql://127.0.0.1:1/x\n"+options).Find(t.Context())
		return err
	}
	for name, c := range map[string]struct {
		failure error
		ends    bool
	}{
		"waits": {away(""), false}, "waits for ever": {away("max_retries = -1\n"), false}, "no longer": {away("max_retries = 0\n"), true},
		"too old": {&startup.TooOldError{}, true}, "refused": {&startup.DatabaseError{Err: &mysql.MySQLError{Number: 1045}}, true}, "locked": {errors.New("x"), true},
	} {
		t.Run(name, func(t *testing.T) {
			var failed error
			g := &startup.Gate{Next: served, Log: zerolog.Nop(), NeedApp: true, Fail: func(err error) { failed = err }, Start: func(context.Context) error { return c.failure }}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			g.Open(ctx)
			var notLoaded *startup.NotLoadedError
			if errors.As(failed, &notLoaded) != c.ends {
				t.Errorf("%v", failed)
			}
			if status, _ := ask(g, "GET", "/"); status != 503 && status != 500 {
				t.Errorf("%d", status)
			}
		})
	}
}
