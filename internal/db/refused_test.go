package db_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/novatest/testproc"
	"github.com/nova-go/nova/internal/objects"
)

// record keeps what several connections were asked.
type record struct {
	mu    sync.Mutex
	lines []string
}

// add adds a line, and returns their number.
func (r *record) add(line ...any) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprint(line...))
	return len(r.lines)
}

// String returns the lines, separated by semicolons.
func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, ";")
}

// mysqlError returns an error packet.
func mysqlError(number uint16, message string) string {
	return "\xff" + string(binary.LittleEndian.AppendUint16(nil, number)) + "#HY000" + message
}

// openFake opens a database on a server whose queries answer answers, with parameters of the URL.
func openFake(t *testing.T, answer func(connection int, query string) string, parameters ...string) *db.DB {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := &mysqlServer{Listener: listener, answer: answer}
	t.Cleanup(func() { s.Close() })
	go s.serve()
	d, err := db.Open("mysql+pymysql://nova:x@nowhere/nova?charset=utf8", db.Options{
		Parameters: strings.Join(append(parameters, "unix_socket="+listener.Addr().String()), "&")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// TestSilentServer: a read whose server is silent until a proxy ends the connection is repeated.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	d := openFake(t, func(connection int, query string) string {
		if query == "SELECT x" && connection == 1 {
			<-time.After(5100 * time.Millisecond) // longer than refusals are repeated
			return hangUp
		}
		return ""
	})
	if err := d.Each(t.Context(), func(*sql.Rows) error { return nil }, "SELECT x"); err != nil {
		t.Error(err)
	}
}

// TestSilentServerIsAskedOnce: a read that ends with read_timeout is not repeated.
func TestSilentServerIsAskedOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	d := openFake(t, func(_ int, query string) string {
		if query != "SELECT x" {
			return ""
		}
		asked.Add(1)
		<-t.Context().Done()
		return hangUp
	}, "read_timeout=6")
	err := d.Each(t.Context(), func(*sql.Rows) error { return nil }, "SELECT x")
	if !db.Unanswered(err) || asked.Load() != 1 {
		t.Errorf("%v after %d attempts", err, asked.Load())
	}
}

// TestSilenceIsWaitedForOnce: if a server becomes silent, a read ends after one read_timeout, whether it has a connection to test
// or needs a new one.
func TestSilenceIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	for name, connected := range map[string]bool{"old connection": true, "new connection": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var silent atomic.Bool
			var tests, greetings atomic.Int32
			d := openFake(t, func(_ int, query string) string {
				if !silent.Load() {
					return ""
				}
				switch query {
				case "":
					greetings.Add(1)
				case "PING":
					tests.Add(1)
				}
				<-t.Context().Done()
				return hangUp
			}, "read_timeout=6", "connect_timeout=8")
			if connected {
				if err := read(t.Context(), d); err != nil {
					t.Fatal(err)
				}
				<-time.After(1100 * time.Millisecond) // younger connections are not tested
			}
			silent.Store(true)
			err := read(t.Context(), d)
			want := int32(0)
			if connected {
				want = 1
			}
			// While it tests a connection, it tries a new one.
			if !db.Unanswered(err) || tests.Load() != want || greetings.Load() != 1 {
				t.Errorf("%v after %d tests and %d new connections", err, tests.Load(), greetings.Load())
			}
		})
	}
}

// TestServesForAWhile: a database that takes connections and answers nothing, or that refuses connections, counts as
// serving for a while.
func TestServesForAWhile(t *testing.T) {
	t.Parallel()
	without := func(err error) error {
		if errors.Is(err, sql.ErrNoRows) { // the server's answer to all queries
			return nil
		}
		return err
	}
	for name, fault := range map[string]func(){
		"silent":  func() { <-t.Context().Done() },
		"refuses": func() {},
	} {
		var away atomic.Bool
		d := openFake(t, func(int, string) string {
			if !away.Load() {
				return ""
			}
			fault()
			return hangUp
		})
		if err := without(d.Serves(t.Context())); err != nil {
			t.Errorf("%s: while it answers: %v", name, err)
		}
		away.Store(true)
		testproc.Eventually(t, name, func() bool { return without(d.Answers(t.Context())) != nil })
		if err := d.Serves(t.Context()); err != nil {
			t.Errorf("%s: at once: %v", name, err)
		}
	}
	d, err := db.Open("mysql+pymysql://u:p@127.0.0.1:1/x", db.Options{Patience: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Serves(t.Context()); err == nil {
		t.Error("a database that is away for long serves")
	}
}

// refusals are what servers answer that have left a cluster or became read-only.
var refusals = map[string]string{
	"Galera without a majority": mysqlError(1047, "WSREP has not yet prepared node for application use"),
	"read-only MariaDB":         mysqlError(1290, "The MariaDB server is running with the --read-only option so it cannot execute this statement"),
	"Galera without a majority at COMMIT": mysqlError(1180,
		"Error while appending streaming replication fragment(provider status: Not connected to Primary Component)"),
	"read-only InnoDB":       mysqlError(1836, "Running in read-only mode"),
	"read-only transactions": mysqlError(1792, "Cannot execute statement in a READ ONLY transaction"),
	"ProxySQL without a server": mysqlError(9001,
		"Max connect timeout reached while reaching hostgroup 10 after 10000ms"),
}

// TestRefusedStatementGoesElsewhere: the connection to a server that takes no statements any more is
// closed, and the statement is repeated on another one, which reaches another server.
func TestRefusedStatementGoesElsewhere(t *testing.T) {
	t.Parallel()
	for name, refusal := range refusals {
		for at, do := range map[string]func(t *testing.T, d *db.DB) error{
			"UPDATE x": func(t *testing.T, d *db.DB) error {
				_, err := db.Exec(t.Context(), d, "UPDATE x")
				return err
			},
			"SELECT x": func(t *testing.T, d *db.DB) error {
				return d.Each(t.Context(), func(*sql.Rows) error { return nil }, "SELECT x")
			},
			"COMMIT": func(t *testing.T, d *db.DB) error {
				return d.InTx(t.Context(), func(tx bun.Tx) error {
					_, err := db.Exec(t.Context(), tx, "UPDATE x")
					return err
				})
			},
		} {
			t.Run(name+" "+at, func(t *testing.T) {
				t.Parallel()
				var asked record
				d := openFake(t, func(connection int, query string) string {
					if !strings.HasPrefix(query, at) {
						return ""
					}
					asked.add(connection)
					if connection == 1 {
						return refusal
					}
					return ""
				})
				for range 2 {
					if err := do(t, d); err != nil {
						t.Fatal(err)
					}
				}
				if got := asked.String(); got != "1;2;2" {
					t.Errorf("%s was sent on the connections %s, want 1;2;2", at, got)
				}
			})
		}
	}
}

// TestRefusedStatementFails: where all servers refuse, the error is the one of oslo.db.
func TestRefusedStatementFails(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]objects.Class{
		"Galera without a majority": objects.ErrDBConnectionError,
		"read-only MariaDB":         objects.ErrSQLOperationalError,
	} {
		var sent atomic.Int32
		ctx, give := context.WithCancel(t.Context())
		d := openFake(t, func(_ int, query string) string {
			if query != "UPDATE x" {
				return ""
			}
			if sent.Add(1) == 8 {
				time.AfterFunc(50*time.Millisecond, give) // the answer comes first
			}
			return refusals[name]
		})
		_, err := db.Exec(ctx, d, "UPDATE x")
		var domain *objects.Error
		if !errors.As(err, &domain) || domain.Class != want || sent.Load() < 8 {
			t.Errorf("%s: %v after %d attempts", name, err, sent.Load())
		}
	}
}

// TestOtherErrorsAreNotRepeated: the same numbers have other meanings, and a lost connection may have
// lost only the answer.
func TestOtherErrorsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		mysqlError(1047, "Unknown command"),
		mysqlError(1290, "The MariaDB server is running with the --secure-file-priv option so it cannot execute this statement"),
		mysqlError(1020, "Record has changed"),
		mysqlError(9001, "ProxySQL error"),
		mysqlError(1064, "syntax"),
	} {
		var sent atomic.Int32
		d := openFake(t, func(_ int, query string) string {
			if query != "UPDATE x" {
				return ""
			}
			sent.Add(1)
			return answer
		})
		if _, err := db.Exec(t.Context(), d, "UPDATE x"); err == nil || sent.Load() != 1 {
			t.Errorf("%q: %v after %d attempts", answer, err, sent.Load())
		}
	}
}

// TestConflictIsRepeated: a conflict with another transaction repeats the whole transaction, wherever
// the server finds it.
func TestConflictIsRepeated(t *testing.T) {
	t.Parallel()
	for _, conflict := range []string{
		mysqlError(1213, "Deadlock found when trying to get lock; try restarting transaction"),
		mysqlError(1213, "Deadlock: wsrep aborted transaction"),
		mysqlError(1205, "Lock wait timeout exceeded; try restarting transaction"),
		mysqlError(1020, "Record has changed since last read in table 'x'"),
		mysqlError(3101, "Plugin instructed the server to rollback the current transaction."),
	} {
		for _, at := range []string{"UPDATE x", "COMMIT"} {
			var sent record
			d := openFake(t, func(_ int, query string) string {
				if query != "UPDATE x" && query != "COMMIT" {
					return ""
				}
				first := !strings.Contains(sent.String(), at)
				if sent.add(query); query == at && first {
					return conflict
				}
				return ""
			})
			err := d.InTx(t.Context(), func(tx bun.Tx) error {
				_, err := db.Exec(t.Context(), tx, "UPDATE x")
				return err
			})
			want := map[string]string{"UPDATE x": "UPDATE x;UPDATE x;COMMIT", "COMMIT": "UPDATE x;COMMIT;UPDATE x;COMMIT"}[at]
			if got := sent.String(); err != nil || got != want {
				t.Errorf("%q at %s: %v, sent %s", conflict, at, err, got)
			}
		}
	}
}

// TestLostConnection: what is not done, or may be done twice, is repeated when its connection is lost;
// a statement of its own and a COMMIT are not, because the server may have done them. Proxies report
// the loss of their own connection with clients' numbers.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	for _, loss := range []string{hangUp, mysqlError(1927, "Lost connection to backend server."),
		mysqlError(2013, "Lost connection to MySQL server during query"), mysqlError(1053, "Server shutdown in progress")} {
		for _, c := range []struct {
			name, at string
			do       func(context.Context, *db.DB) error
			want     string // what is sent; "!" at the end: it fails
		}{
			{"read", "SELECT x", read, "1 SELECT x;2 SELECT x"},
			{"transaction", "UPDATE x", transaction, "1 UPDATE x;2 UPDATE x;2 COMMIT"},
			{"begin", "START TRANSACTION", transaction, "1 START TRANSACTION;2 START TRANSACTION;2 UPDATE x;2 COMMIT"},
			{"commit", "COMMIT", transaction, "1 UPDATE x;1 COMMIT!"},
			{"statement", "UPDATE x", alone, "1 UPDATE x!"},
		} {
			t.Run(c.name+" "+loss, func(t *testing.T) {
				t.Parallel()
				if loss != hangUp { // the proxy has other connections to servers
					c.want = strings.ReplaceAll(c.want, "2 ", "1 ")
				}
				var sent record
				d := openFake(t, func(connection int, query string) string {
					if query == "" || !strings.Contains("UPDATE x SELECT x COMMIT "+c.at, query) {
						return ""
					}
					first := !strings.Contains(sent.String(), c.at)
					if sent.add(connection, " ", query); query == c.at && first {
						return loss
					}
					return ""
				})
				err := c.do(t.Context(), d)
				got := sent.String()
				if err != nil {
					got += "!"
				}
				if got != c.want {
					t.Errorf("%v: %s, want %s", err, got, c.want)
				}
				if err != nil && !db.Unanswered(err) {
					t.Errorf("the error does not say that the database is away: %v", err)
				}
			})
		}
	}
}

func transaction(ctx context.Context, d *db.DB) error {
	return d.InTx(ctx, func(tx bun.Tx) error { return update(ctx, tx) })
}

func alone(ctx context.Context, d *db.DB) error { return update(ctx, d) }

func read(ctx context.Context, d *db.DB) error {
	return d.Each(ctx, func(*sql.Rows) error { return nil }, "SELECT x")
}

func update(ctx context.Context, q bun.IDB) error {
	_, err := db.Exec(ctx, q, "UPDATE x")
	return err
}

// TestLostBeforeAStatement: a connection that was lost in the pool without a word does not fail the statement,
// which is sent once.
func TestLostBeforeAStatement(t *testing.T) {
	t.Parallel()
	var sent record
	d := openFake(t, func(connection int, query string) string {
		if query != "UPDATE x" && query != "PING" {
			return ""
		}
		sent.add(connection, " ", query)
		if query == "PING" && connection == 1 {
			return hangUp
		}
		return ""
	})
	for range 3 {
		if err := alone(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if got := sent.String(); got != "1 UPDATE x;1 PING;2 UPDATE x;2 PING;2 UPDATE x" {
		t.Error(got)
	}
}

// TestNewConnections: a server or proxy that turns a new connection away for a reason that may pass is asked
// again.
func TestNewConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		instead string // of the greeting of the first connection
		ok      bool
	}{
		{mysqlError(1040, "Too many connections"), true},
		{mysqlError(1053, "Server shutdown in progress"), true},
		{hangUp, true},
		{mysqlError(1130, "Host is not allowed to connect"), false},
		{mysqlError(1045, "Access denied"), false},
	} {
		for _, do := range []func(context.Context, *db.DB) error{read, alone, transaction} {
			d := openFake(t, func(connection int, query string) string {
				if query == "" && connection <= 4 { // database/sql has tried three times
					return c.instead
				}
				return ""
			})
			if err := do(t.Context(), d); (err == nil) != c.ok {
				t.Errorf("%q: %v", c.instead, err)
			}
		}
	}
}

// TestForgottenConnection: a connection whose server does not answer any more is given up if a new connection
// can be opened, and otherwise kept.
func TestForgottenConnection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		others bool // new connections are answered
		want   string
	}{
		"half-open": {true, "1 SELECT x;SELECT x"},
		"hung":      {false, "1 SELECT x;1 SELECT x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent record
			var silent atomic.Bool
			tried := make(chan struct{})
			d := openFake(t, func(connection int, query string) string {
				switch {
				case query == "" && connection == 2:
					defer close(tried)
					if !c.others {
						return hangUp
					}
				case query == "PING" && connection == 1 && silent.Load():
					if c.others {
						<-t.Context().Done()
						return hangUp
					}
					<-tried // it was only slow
				case query == "SELECT x" && connection > 1:
					sent.add(query)
				case query == "SELECT x":
					sent.add(connection, " ", query)
				}
				return ""
			})
			if err := read(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			silent.Store(true)
			<-time.After(1100 * time.Millisecond) // younger connections are not tested
			if err := read(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			if got := sent.String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
