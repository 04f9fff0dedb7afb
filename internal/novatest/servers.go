package novatest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
)

// server is where the databases of stacks are when they are not SQLite files: on
// MariaDB or PostgreSQL, in copies of two patterns.
type server struct{ api, cell *copies }

// onServer is the server that the environment names, or nil. NOVATEST_API and
// NOVATEST_CELL are SQLAlchemy URLs of databases with Nova's schema and without rows.
var onServer = sync.OnceValues(func() (*server, error) {
	api, cell := os.Getenv("NOVATEST_API"), os.Getenv("NOVATEST_CELL")
	if api == "" && cell == "" {
		return nil, nil
	}
	if api == "" || cell == "" {
		return nil, fmt.Errorf("novatest: of NOVATEST_API and NOVATEST_CELL one is missing")
	}
	s := &server{}
	var err error
	if s.api, err = newCopies(api); err != nil {
		return nil, fmt.Errorf("NOVATEST_API: %w", err)
	}
	if s.cell, err = newCopies(cell); err != nil {
		return nil, fmt.Errorf("NOVATEST_CELL: %w", err)
	}
	return s, nil
})

// copies are the copies of a pattern: "nova_api_test1", "nova_api_test2", and so on.
// They are made once and left there, for it takes longer to make them than to empty
// them; who uses one holds a lock of the server, which ends with the process.
type copies struct {
	pattern *url.URL
	name    string
	locks   *bun.Conn // in a database that is no pattern
	kind    string

	mu   sync.Mutex
	free []string // URLs
	last int
}

// version is the table that is not emptied: the schema is at its version.
const version = "alembic_version"

func newCopies(pattern string) (*copies, error) {
	u, err := url.Parse(pattern)
	if err != nil {
		return nil, err
	}
	c := &copies{pattern: u, name: strings.TrimPrefix(u.Path, "/")}
	home := pattern
	if strings.HasPrefix(u.Scheme, "postgres") {
		home = c.url("postgres") // a pattern that somebody is connected to cannot be copied
	}
	d, err := db.Open(home, db.Options{})
	if err != nil {
		return nil, err
	}
	conn, err := d.Conn(context.Background())
	c.kind, c.locks = d.Kind(), &conn
	return c, err
}

func (c *copies) url(name string) string {
	u := *c.pattern
	u.Path = "/" + name
	return u.String()
}

// take answers the URL of an empty copy that nobody uses.
func (c *copies) take(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.free) > 0 {
		u := c.free[0]
		c.free = c.free[1:]
		return u, c.empty(ctx, u)
	}
	for {
		c.last++
		name := fmt.Sprintf("%s_test%d", c.name, c.last)
		mine, err := c.lock(ctx, name)
		if err != nil {
			return "", err
		}
		if mine {
			if err := c.make(ctx, name); err != nil {
				return "", fmt.Errorf("database %s: %w", name, err)
			}
			return c.url(name), c.empty(ctx, c.url(name))
		}
	}
}

// give takes back what take has answered.
func (c *copies) give(u string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, u)
}

func (c *copies) lock(ctx context.Context, name string) (mine bool, err error) {
	query := "SELECT GET_LOCK(?, 0)"
	if c.kind == "postgresql" {
		query = "SELECT pg_try_advisory_lock(hashtext(?))"
	}
	err = db.One(ctx, c.locks, []any{&mine}, query, name)
	return mine, err
}

// make makes a copy that is not there.
func (c *copies) make(ctx context.Context, name string) error {
	var n int
	if c.kind == "postgresql" {
		if err := db.One(ctx, c.locks, []any{&n}, "SELECT COUNT(*) FROM pg_database WHERE datname = ?", name); err != nil || n > 0 {
			return err
		}
		_, err := db.Exec(ctx, c.locks, "CREATE DATABASE ? TEMPLATE ?", bun.Ident(name), bun.Ident(c.name))
		return err
	}
	// The table that is made last tells that all are there.
	if err := db.One(ctx, c.locks, []any{&n}, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?", name, version); err != nil || n > 0 {
		return err
	}
	var charset, collation string
	if err := db.One(ctx, c.locks, []any{&charset, &collation}, "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = ?", c.name); err != nil {
		return err
	}
	for _, statement := range []string{"DROP DATABASE IF EXISTS ?0", "CREATE DATABASE ?0 CHARACTER SET ?1 COLLATE ?2"} {
		if _, err := db.Exec(ctx, c.locks, statement, bun.Ident(name), bun.Safe(charset), bun.Safe(collation)); err != nil {
			return err
		}
	}
	tables, err := names(ctx, c.locks, "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name = ?", c.name, version)
	if err != nil {
		return err
	}
	d, err := db.Open(c.url(name), db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	return alone(ctx, d, func(conn bun.IDB) error {
		for _, t := range tables {
			var create string
			if err := db.One(ctx, c.locks, []any{&t, &create}, "SHOW CREATE TABLE ?.?", bun.Ident(c.name), bun.Ident(t)); err != nil {
				return err
			}
			if _, err := db.Exec(ctx, conn, create); err != nil {
				return err
			}
		}
		return nil
	})
}

// alone runs f on one connection, where nobody looks at foreign keys.
func alone(ctx context.Context, d *db.DB, f func(bun.IDB) error) error {
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	set := "SET foreign_key_checks = 0"
	if d.Kind() == "postgresql" {
		set = "SET session_replication_role = replica"
	}
	if _, err := db.Exec(ctx, conn, set); err != nil {
		return err
	}
	return f(conn)
}

// empty deletes all rows but the version of the schema, and has ids begin with 1 again.
func (c *copies) empty(ctx context.Context, u string) error {
	d, err := db.Open(u, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	tables, err := filled(ctx, d, d.Kind())
	if err != nil {
		return err
	}
	return alone(ctx, d, func(conn bun.IDB) error {
		for _, t := range tables {
			if t == version {
				continue
			}
			if _, err := db.Exec(ctx, conn, "DELETE FROM ?", bun.Ident(t)); err != nil {
				return err
			}
		}
		if c.kind == "postgresql" {
			_, err := db.Exec(ctx, conn, "SELECT setval(quote_ident(sequencename)::regclass, start_value, false) FROM pg_sequences WHERE last_value IS NOT NULL")
			return err
		}
		moved, err := names(ctx, conn, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1")
		if err != nil {
			return err
		}
		for _, t := range moved {
			if _, err := db.Exec(ctx, conn, "ALTER TABLE ? AUTO_INCREMENT = 1", bun.Ident(t)); err != nil {
				return err
			}
		}
		return nil
	})
}

// filled are the tables that have rows.
func filled(ctx context.Context, d bun.IDB, kind string) ([]string, error) {
	tables, err := names(ctx, d, map[string]string{
		"sqlite":     "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
		"mysql":      "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
		"postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
	}[kind])
	if err != nil {
		return nil, err
	}
	var args []any
	for _, t := range tables {
		args = append(args, t, bun.Ident(t))
	}
	const one = "SELECT ? AS name FROM (SELECT 1 AS x) AS one WHERE EXISTS (SELECT 1 FROM ?)"
	return names(ctx, d, one+strings.Repeat(" UNION ALL "+one, len(tables)-1), args...)
}

// names answers the one column of a query.
func names(ctx context.Context, d bun.IDB, query string, args ...any) ([]string, error) {
	var list []string
	err := db.Each(ctx, d, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		list = append(list, name)
		return err
	}, query, args...)
	return list, err
}
