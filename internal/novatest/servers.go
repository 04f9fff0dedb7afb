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

// databaseServer contains the databases of the tests on MariaDB or PostgreSQL: copies of an API database and of a cell database.
type databaseServer struct{ api, cell *databaseCopies }

// onServer returns the server of NOVATEST_API and NOVATEST_CELL, or nil if they are not set. They contain SQLAlchemy URLs
// of databases with Nova's schema and without rows.
var onServer = sync.OnceValues(func() (*databaseServer, error) {
	api, cell := os.Getenv("NOVATEST_API"), os.Getenv("NOVATEST_CELL")
	if api == "" && cell == "" {
		return nil, nil
	}
	if api == "" || cell == "" {
		return nil, fmt.Errorf("novatest: set both NOVATEST_API and NOVATEST_CELL")
	}
	s := &databaseServer{}
	var err error
	if s.api, err = newCopies(api); err != nil {
		return nil, fmt.Errorf("NOVATEST_API: %w", err)
	}
	if s.cell, err = newCopies(cell); err != nil {
		return nil, fmt.Errorf("NOVATEST_CELL: %w", err)
	}
	return s, nil
})

// databaseCopies are the copies of a pattern database: "nova_api_test1", "nova_api_test2" and so on. They remain for later runs,
// because creating a copy takes longer than deleting its rows. A process that uses a copy holds a lock of the database
// server, which is released when the process ends.
type databaseCopies struct {
	pattern *url.URL
	name    string
	locks   *bun.Conn // in a database that is not a pattern
	kind    string

	mu   sync.Mutex
	free []string // URLs
	last int
}

// versionTable contains the version of the schema and is therefore not emptied.
const versionTable = "alembic_version"

func newCopies(pattern string) (*databaseCopies, error) {
	u, err := url.Parse(pattern)
	if err != nil {
		return nil, err
	}
	c := &databaseCopies{pattern: u, name: strings.TrimPrefix(u.Path, "/")}
	home := pattern
	if strings.HasPrefix(u.Scheme, "postgres") {
		home = c.url("postgres") // PostgreSQL cannot copy a database that has connections
	}
	d, err := db.Open(home, db.Options{})
	if err != nil {
		return nil, err
	}
	conn, err := d.Conn(context.Background())
	c.kind, c.locks = d.Kind(), &conn
	return c, err
}

func (c *databaseCopies) url(name string) string {
	u := *c.pattern
	u.Path = "/" + name
	return u.String()
}

// take returns the URL of an empty copy that no other test uses.
func (c *databaseCopies) take(ctx context.Context) (string, error) {
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

// give returns a copy of take to the free ones.
func (c *databaseCopies) give(u string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, u)
}

// lock locks a copy. mine is false if another process uses it.
func (c *databaseCopies) lock(ctx context.Context, name string) (mine bool, err error) {
	query := "SELECT GET_LOCK(?, 0)"
	if c.kind == "postgresql" {
		query = "SELECT pg_try_advisory_lock(hashtext(?))"
	}
	err = db.One(ctx, c.locks, []any{&mine}, query, name)
	return mine, err
}

// make creates a copy if it does not exist.
func (c *databaseCopies) make(ctx context.Context, name string) error {
	var n int
	if c.kind == "postgresql" {
		if err := db.One(ctx, c.locks, []any{&n}, "SELECT COUNT(*) FROM pg_database WHERE datname = ?", name); err != nil || n > 0 {
			return err
		}
		_, err := db.Exec(ctx, c.locks, "CREATE DATABASE ? TEMPLATE ?", bun.Ident(name), bun.Ident(c.name))
		return err
	}
	// If the table that is created last exists, the copy is complete.
	if err := db.One(ctx, c.locks, []any{&n}, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?", name, versionTable); err != nil || n > 0 {
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
	tables, err := firstColumn(ctx, c.locks, "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name = ?", c.name, versionTable)
	if err != nil {
		return err
	}
	d, err := db.Open(c.url(name), db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	return withoutForeignKeys(ctx, d, func(conn bun.IDB) error {
		for _, t := range tables {
			var create string
			if err := db.One(ctx, c.locks, []any{&t, &create}, "SHOW CREATE TABLE ?.?", bun.Ident(c.name), bun.Ident(t)); err != nil {
				return err
			}
			if _, err := db.Exec(ctx, conn, create); err != nil {
				return err
			}
		}
		_, err := db.Exec(ctx, conn, "INSERT INTO ? SELECT * FROM ?.?", bun.Ident(versionTable), bun.Ident(c.name), bun.Ident(versionTable))
		return err
	})
}

// withoutForeignKeys calls f with a connection that does not check foreign keys.
func withoutForeignKeys(ctx context.Context, d *db.DB, f func(bun.IDB) error) error {
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

// empty deletes all rows except the version of the schema, and resets the sequences of ids.
func (c *databaseCopies) empty(ctx context.Context, u string) error {
	d, err := db.Open(u, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	tables, err := nonEmptyTables(ctx, d, d.Kind())
	if err != nil {
		return err
	}
	return withoutForeignKeys(ctx, d, func(conn bun.IDB) error {
		for _, t := range tables {
			if t == versionTable {
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
		moved, err := firstColumn(ctx, conn, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1")
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

// nonEmptyTables returns the names of the tables that have rows.
func nonEmptyTables(ctx context.Context, d bun.IDB, kind string) ([]string, error) {
	tables, err := firstColumn(ctx, d, map[string]string{
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
	return firstColumn(ctx, d, one+strings.Repeat(" UNION ALL "+one, len(tables)-1), args...)
}

// firstColumn returns the only column of a query.
func firstColumn(ctx context.Context, d bun.IDB, query string, args ...any) ([]string, error) {
	var list []string
	err := db.Each(ctx, d, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		list = append(list, name)
		return err
	}, query, args...)
	return list, err
}
