package db_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// TestPool has as many connections as SQLAlchemy's pools of these options.
func TestPool(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		size, overflow *int
		most           int // 0: any number
	}{
		{nil, nil, 55}, {new(3), nil, 53}, {nil, new(0), 5}, {new(1), new(0), 1}, {new(1), new(-1), 0}, {new(0), new(2), 0},
	} {
		d, err := db.Open("sqlite:///"+t.TempDir()+"/x.sqlite", db.Options{MaxPoolSize: c.size, MaxOverflow: c.overflow})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Stats().MaxOpenConnections; got != c.most {
			t.Errorf("pool of %v and %v: %d connections, want %d", c.size, c.overflow, got, c.most)
		}
		d.Close()
	}
}

// TestReplica reads from the copy, but writes to the database, and reads there what a
// transaction is about.
func TestReplica(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func(name string, o db.Options) *db.DB {
		d, err := db.Open("sqlite:///"+dir+"/"+name, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
	replica, d := open("copy", db.Options{}), open("main", db.Options{Replica: "sqlite:///" + dir + "/copy"})
	count := func(one func(dest []any, query string) error) (n int) {
		if err := one([]any{&n}, "SELECT COUNT(*) FROM x"); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, of := range []*db.DB{replica, d} {
		if _, err := db.Exec(t.Context(), of, "CREATE TABLE x (id INTEGER PRIMARY KEY)"); err != nil {
			t.Fatal(err)
		}
	}
	err := d.InTx(t.Context(), func(tx bun.Tx) error {
		if _, err := d.Insert(t.Context(), tx, "INSERT INTO x (id) VALUES (?)", 1); err != nil {
			return err
		}
		if n := count(func(dest []any, query string) error { return db.One(t.Context(), tx, dest, query) }); n != 1 {
			t.Errorf("the transaction sees %d rows", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(func(dest []any, query string) error { return d.One(t.Context(), dest, query) }); n != 0 {
		t.Errorf("%d rows were read, not from the copy", n)
	}
}

// TestPoolTimeout has a query wait for the connection of another, in vain.
func TestPoolTimeout(t *testing.T) {
	t.Parallel()
	d, err := db.Open("sqlite:///"+t.TempDir()+"/x.sqlite", db.Options{MaxPoolSize: new(1), MaxOverflow: new(0), Wait: new(time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	one := func() error { return d.One(t.Context(), []any{new(int)}, "SELECT 1") }
	err = d.Each(t.Context(), func(*sql.Rows) error {
		if err := d.InTx(t.Context(), func(bun.Tx) error { return nil }); !errors.Is(err, objects.ErrTimeoutError) {
			t.Errorf("a transaction: %v", err)
		}
		return one()
	}, "SELECT 1")
	if !errors.Is(err, objects.ErrTimeoutError) || err.Error() != "QueuePool limit of size 1 overflow 0 reached, connection timed out, timeout 0.00" {
		t.Errorf("a query: %v", err)
	}
	if err := one(); err != nil { // it has been given back
		t.Error(err)
	}
}

// TestDeadlocks are no errors of those who meet them, unless they do not end.
func TestDeadlocks(t *testing.T) {
	t.Parallel()
	d, err := db.Open("sqlite:///"+t.TempDir()+"/x.sqlite", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, c := range []struct {
		err          error
		fails, tries int
		ok           bool
	}{
		{&mysql.MySQLError{Number: 1213}, 2, 3, true}, {&mysql.MySQLError{Number: 1205}, 1, 2, true}, {&pgconn.PgError{Code: "40P01"}, 1, 2, true},
		{&mysql.MySQLError{Number: 1213}, 9, 6, false}, {&mysql.MySQLError{Number: 1062}, 1, 1, false}, {&pgconn.PgError{Code: "23505"}, 1, 1, false},
	} {
		tries := 0
		err := d.InTx(t.Context(), func(bun.Tx) error {
			if tries++; tries <= c.fails {
				return c.err
			}
			return nil
		})
		if (err == nil) != c.ok || tries != c.tries {
			t.Errorf("%v, %d times: %d tries, %v", c.err, c.fails, tries, err)
		}
	}
}

// TestServersThatStop are away, whichever way PostgreSQL says so.
func TestServersThatStop(t *testing.T) {
	t.Parallel()
	for code, away := range map[string]bool{"57P01": true, "57P03": true, "53300": true, "08006": true, "23505": false, "42P01": false} {
		if got := errors.Is(db.Wrap(&pgconn.PgError{Code: code}), objects.ErrDBConnectionError); got != away {
			t.Errorf("%s: away is %v", code, got)
		}
	}
}
