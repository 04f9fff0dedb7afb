//go:build lab

package compute_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
)

// BenchmarkAgainstSQL compares requests with the SQL statements that they send: the same statements, one after the other,
// by database/sql on the databases of the lab. It reports both in microseconds, and the ratio of their medians. The
// requests do not cross a network; the statements of both do.
func BenchmarkAgainstSQL(b *testing.B) {
	conf := os.Getenv("LAB_NOVA_CONF")
	if conf == "" {
		b.Skip("LAB_NOVA_CONF names no lab")
	}
	statements := &statementLog{}
	traced := openApplication(b, zerolog.New(statements), conf, debugFile(b))
	app := openApplication(b, zerolog.Nop(), conf)
	rows := openRows(b)
	token := labToken(b)
	var servers struct{ Servers []struct{ ID string } }
	getIn(b, app, token, "/servers?all_tenants=1&limit=1&status=ACTIVE", &servers)
	if len(servers.Servers) == 0 {
		b.Fatal("the lab has no active server")
	}
	for _, request := range []struct{ name, path string }{
		{"server", "/servers/" + servers.Servers[0].ID},
		{"list-20", "/servers/detail?all_tenants=1&limit=20"},
		{"index-20", "/servers?all_tenants=1&limit=20"},
		{"flavors", "/flavors/detail"},
		{"keypairs", "/os-keypairs"},
		{"limits", "/limits"},
		{"hypervisors", "/os-hypervisors/detail"},
	} {
		b.Run(request.name, func(b *testing.B) {
			getIn(b, traced, token, request.path, nil)
			statements.take()
			getIn(b, traced, token, request.path, nil) // with the caches filled
			var plain []statement
			for _, text := range statements.take() {
				plain = append(plain, locate(b, text, rows.api.DB.DB, rows.cell.DB.DB))
			}
			if len(plain) == 0 {
				b.Fatal("the request sent no statement")
			}
			var ours, bare []time.Duration
			for b.Loop() {
				began := time.Now()
				getIn(b, app, token, request.path, nil)
				sent := time.Now()
				for _, s := range plain {
					s.run(b)
				}
				ours, bare = append(ours, sent.Sub(began)), append(bare, time.Since(sent))
			}
			slices.Sort(ours)
			slices.Sort(bare)
			request, statements := ours[len(ours)/2], bare[len(bare)/2]
			b.ReportMetric(float64(len(plain)), "statements")
			b.ReportMetric(float64(request.Microseconds()), "request-µs")
			b.ReportMetric(float64(statements.Microseconds()), "sql-µs")
			b.ReportMetric(float64(request)/float64(statements), "ratio")
			b.ReportMetric(0, "ns/op") // of both together
		})
	}
}

// openApplication returns an application with the configuration of files.
func openApplication(b *testing.B, log zerolog.Logger, files ...string) http.Handler {
	b.Helper()
	c, err := config.Load(config.Sources{Prog: compute.Prog, Files: files})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	b.Cleanup(stop)
	app, err := compute.New(ctx, compute.Options{Config: c, Log: &log})
	if err != nil {
		b.Fatal(err)
	}
	return app
}

// debugFile writes options with which an application logs its statements.
func debugFile(b *testing.B) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "debug.conf")
	text := "[database]\nconnection_debug = 50\n[api_database]\nconnection_debug = 50\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// getIn sends a GET request, and decodes the answer if to is not nil.
func getIn(b *testing.B, app http.Handler, token, path string, to any) {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, "/v2.1"+path, nil)
	r.Header = http.Header{"X-Auth-Token": {token}, "Openstack-Api-Version": {"compute 2.87"}}
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if to != nil {
		if err := json.Unmarshal(w.Body.Bytes(), to); err != nil {
			b.Fatal(err)
		}
	}
}

// statementLog is a log of which it keeps the statements.
type statementLog struct {
	mu    sync.Mutex
	texts []string
}

// Write implements io.Writer.
func (l *statementLog) Write(line []byte) (int, error) {
	var entry struct{ Name, Message string }
	if bytes.Contains(line, []byte("sqlalchemy")) && json.Unmarshal(line, &entry) == nil {
		l.mu.Lock()
		l.texts = append(l.texts, entry.Message)
		l.mu.Unlock()
	}
	return len(line), nil
}

// take returns the statements since the last call.
func (l *statementLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	texts := l.texts
	l.texts = nil
	return texts
}

// statement is a query and its database.
type statement struct {
	on   *sql.DB
	text string
}

// locate returns a query with the first database that has its tables.
func locate(b *testing.B, text string, databases ...*sql.DB) statement {
	b.Helper()
	var err error
	for _, on := range databases {
		var rows *sql.Rows
		if rows, err = on.QueryContext(b.Context(), text); err == nil {
			rows.Close()
			return statement{on, text}
		}
	}
	b.Fatalf("%s: %v", text, err)
	return statement{}
}

// run reads all rows.
func (s statement) run(b *testing.B) {
	b.Helper()
	rows, err := s.on.QueryContext(b.Context(), s.text)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	values, dest := make([]sql.RawBytes, len(names)), make([]any, len(names))
	for n := range values {
		dest[n] = &values[n]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			b.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}
