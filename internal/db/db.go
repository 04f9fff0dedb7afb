// Package db opens Nova's databases: URLs and pools as oslo.db has them, the
// three dialects, and the routing to cells. The SQL itself stands in db/api and
// db/cell, one file per group of tables.
package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/schema"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/internal/objects"
)

// Options are the pool options of oslo.db. Zero values mean its defaults.
type Options struct {
	MaxPoolSize *int // connections kept, nil: 5; 0 means no limit
	MaxOverflow *int // further ones at a time, nil: 50; -1 means no limit
	Recycle     time.Duration
	// Replica is the SQLAlchemy URL of a copy that may lag, where reads outside of
	// transactions go: slave_connection, where synchronous_reader is off; "": none.
	Replica string
	// Wait is how long a query may wait for a connection where all are in use, nil:
	// 30 s; then it fails.
	Wait *time.Duration
	// Parameters are added to the query of the URL ("a=b&c=d"), connection_parameters.
	Parameters string
	// SQLMode is mysql_sql_mode, nil: TRADITIONAL.
	SQLMode *string
	// WsrepSyncWait is what each connection sets wsrep_sync_wait of a Galera cluster
	// to; nil leaves it.
	WsrepSyncWait *int
	// Unsynced has SQLite not wait for its disk.
	Unsynced bool
	// Metrics counts the queries, under Name; nil: nobody does.
	Metrics *metrics.Metrics
	Name    metrics.DatabaseName
}

// DB is one database. Queries are written with "?" whatever the dialect, and
// their arguments are put in by the client: a query is one round trip.
type DB struct {
	*bun.DB
	name    string
	address string
	replica *DB // nil: none
	// writing is held by whoever writes to SQLite, which lets one write at a time and
	// has the others sleep for longer and longer. nil for servers, which queue them.
	writing *sync.Mutex
	metrics *metrics.Metrics
	gate    *gate // nil: there may be any number of connections
	probe   probe
	heard   atomic.Int64 // when a query was last answered, in Unix nanoseconds
}

// Metrics is where those who read this database count; it may be nil.
func (d *DB) Metrics() *metrics.Metrics {
	if d == nil {
		return nil
	}
	return d.metrics
}

// Kind is "mysql", "postgresql" or "sqlite".
func (d *DB) Kind() string { return d.name }

// Address is where the database is, for messages: "host:port/name", a socket and a
// name, or a file. It has no user and no password.
func (d *DB) Address() string { return d.address }

// Open prepares a database from an SQLAlchemy URL. It does not connect: a
// database that is away is an error of the queries, not of Open.
func Open(connection string, o Options) (*DB, error) {
	src, err := parseURL(withParameters(connection, o.Parameters))
	if err != nil {
		return nil, err
	}
	var pool *sql.DB
	var speaks schema.Dialect
	switch src.dialect {
	case "mysql":
		src.mysql.Params = o.mysqlVariables(src.mysql.Params)
		connector, err := mysql.NewConnector(src.mysql)
		if err != nil {
			return nil, err
		}
		pool, speaks = sql.OpenDB(prompt{connector, src.within, src.mysql.Net, src.address}), mysqldialect.New()
	case "postgresql":
		pool, speaks = sql.OpenDB(prompt{stdlib.GetConnector(*src.postgres), src.within, "tcp", src.address}), pgdialect.New()
	case "sqlite":
		if o.Unsynced {
			src.dsn += "&_pragma=synchronous(OFF)"
		}
		if pool, speaks, err = openSQLite(src.dsn); err != nil {
			return nil, err
		}
	}
	if src.dialect == "sqlite" && strings.Contains(src.dsn, ":memory:") {
		o.MaxPoolSize, o.MaxOverflow = new(1), new(0) // each connection would be a database of its own
	}
	limit := o.gate()
	if limit != nil {
		pool.SetMaxOpenConns(limit.most())
		pool.SetMaxIdleConns(limit.most())
	} else {
		pool.SetMaxIdleConns(100)
	}
	// oslo.db closes what overflows as soon as it is given back; that costs a
	// handshake per request under load, so ours lets it go when it rests.
	if src.dialect != "sqlite" {
		pool.SetConnMaxIdleTime(time.Minute)
		if o.Recycle == 0 {
			o.Recycle = time.Hour
		}
		pool.SetConnMaxLifetime(o.Recycle)
	}
	d := &DB{DB: bun.NewDB(pool, offline{speaks}), name: src.dialect, address: src.address, metrics: o.Metrics, gate: limit}
	if d.name == "sqlite" {
		d.writing = &sync.Mutex{}
	}
	if counted := o.Metrics.Database(o.Name, counting{pool, limit}); counted != nil {
		d.DB = d.WithQueryHook(&counter{counted})
	}
	if o.Replica != "" {
		copied := o
		copied.Replica = ""
		copied.Name.Database += "-replica"
		if d.replica, err = Open(o.Replica, copied); err != nil {
			return nil, fmt.Errorf("replica: %w", err)
		}
	}
	return d, nil
}

// counter counts queries.
type counter struct{ to *metrics.Database }

// BeforeQuery implements bun.QueryHook.
func (c *counter) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

// AfterQuery implements bun.QueryHook. That a client has gone says nothing of the
// database.
func (c *counter) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if errors.Is(e.Err, context.Canceled) {
		return
	}
	c.to.Query(time.Since(e.StartTime), e.Err != nil && Unanswered(e.Err))
}

// offline keeps bun from asking a MySQL server for its version at once: Open must
// not need the database.
type offline struct{ schema.Dialect }

func (offline) Init(*sql.DB) {}

// timeLayout is how SQLAlchemy writes a DATETIME, in every dialect: SQLite keeps
// the text, and Python's Nova reads it back.
const timeLayout = "2006-01-02 15:04:05.000000"

// AppendTime writes a time in UTC.
func (offline) AppendTime(b []byte, t time.Time) []byte {
	b = append(b, '\'')
	b = t.UTC().AppendFormat(b, timeLayout)
	return append(b, '\'')
}

// AppendString writes a text. One with NUL, which bun drops or refuses, is kept
// where databases keep it, as Python's drivers do; PostgreSQL has no such text.
func (o offline) AppendString(b []byte, s string) []byte {
	switch {
	case strings.IndexByte(s, 0) < 0 || o.Name() == dialect.PG:
		return o.Dialect.AppendString(b, s)
	case o.Name() == dialect.SQLite:
		return fmt.Appendf(b, "CAST(X'%X' AS TEXT)", s)
	}
	b = append(b, '\'')
	for n, part := range strings.Split(s, "\x00") {
		if n > 0 {
			b = append(b, `\0`...)
		}
		quoted := o.Dialect.AppendString(nil, part)
		b = append(b, quoted[1:len(quoted)-1]...)
	}
	return append(b, '\'')
}

// Wrap turns the errors of drivers into domain errors where they mean something
// to a client: a database that is away. Others it gives back as they are.
func Wrap(err error) error {
	if err == nil || !isDown(err) {
		return err
	}
	return &objects.Error{Kind: objects.KindUnavailable, Class: objects.ErrDBConnectionError, Cause: err,
		Message: "The server is currently unavailable. Please try again at a later time."}
}

func isDown(err error) bool {
	var netErr *net.OpError
	var pgErr *pgconn.ConnectError
	var pg *pgconn.PgError
	var my *mysql.MySQLError
	switch {
	case sqliteCode(err)&0xff == 14: // SQLITE_CANTOPEN: its disk is away
		return true
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.As(err, &netErr), errors.As(err, &pgErr):
		return true
	case errors.As(err, &pg): // connection exceptions, shutting down, too many connections
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "57P") || pg.Code == "53300"
	case errors.As(err, &my):
		switch my.Number {
		case 1040, 1042, 1043, 1053, 1158, 1159, 1160, 1161, 1203: // too many connections, shutting down, network
			return true
		}
	}
	return false
}

// Unanswered tells whether err means that the database is away or late, rather
// than that the question was wrong.
func Unanswered(err error) bool {
	return isDown(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, objects.ErrDBConnectionError)
}

// Duplicate tells whether err is a unique constraint, and the driver's text,
// which names the constraint (MySQL, PostgreSQL) or the columns (SQLite).
func Duplicate(err error) (detail string, ok bool) {
	var my *mysql.MySQLError
	var pg *pgconn.PgError
	switch code := sqliteCode(err); {
	case errors.As(err, &my) && my.Number == 1062:
		return my.Message, true
	case errors.As(err, &pg) && pg.Code == "23505":
		return pg.ConstraintName, true
	case code == 2067, code == 1555: // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY
		return sqliteText(err), true
	}
	return "", false
}

// Close closes the connections, those to the replica, too.
func (d *DB) Close() error {
	err := d.DB.Close()
	if d.replica != nil {
		err = errors.Join(err, d.replica.Close())
	}
	return err
}

// Each runs a query and calls row for every row of its result.
func (d *DB) Each(ctx context.Context, row func(*sql.Rows) error, query string, args ...any) error {
	if d.replica != nil {
		d = d.replica
	}
	return Each(ctx, d, row, query, args...)
}

// Each is DB.Each for a transaction, too.
func Each(ctx context.Context, q bun.IDB, row func(*sql.Rows) error, query string, args ...any) error {
	g, err := enter(ctx, q)
	if err != nil {
		return err
	}
	defer g.leave()
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return Wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return Wrap(err)
	}
	answered(q)
	return nil
}

// One scans the single row of a query; no row is sql.ErrNoRows.
func (d *DB) One(ctx context.Context, dest []any, query string, args ...any) error {
	if d.replica != nil {
		d = d.replica
	}
	return One(ctx, d, dest, query, args...)
}

// One is DB.One for a transaction, too.
func One(ctx context.Context, q bun.IDB, dest []any, query string, args ...any) error {
	found := false
	err := Each(ctx, q, func(r *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(dest...)
	}, query, args...)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// InTx runs f in a transaction: again, up to five times, where the database ended it
// for others that waited for one another.
func (d *DB) InTx(ctx context.Context, f func(tx bun.Tx) error) error {
	return d.Writing(func() error {
		return again(ctx, func() error {
			g, err := enter(ctx, d)
			if err != nil {
				return err
			}
			defer g.leave()
			return Wrap(d.RunInTx(ctx, nil, func(_ context.Context, tx bun.Tx) error { return f(tx) }))
		})
	})
}

// Writing runs f, which writes, when no other such f of this DB runs on SQLite. It
// is no lock: other processes write, too. f must not call InTx or Writing.
func (d *DB) Writing(f func() error) error {
	if d.writing != nil {
		d.writing.Lock()
		defer d.writing.Unlock()
	}
	return f()
}

// Insert runs an INSERT and answers the id of its row.
func (d *DB) Insert(ctx context.Context, q bun.IDB, query string, args ...any) (int64, error) {
	if d.name == "postgresql" {
		var id int64
		err := One(ctx, q, []any{&id}, query+" RETURNING id", args...)
		return id, err
	}
	r, err := execute(ctx, q, query, args)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// Exec runs a statement and answers how many rows it matched. Outside of a
// transaction it is repeated as InTx repeats those.
func Exec(ctx context.Context, q bun.IDB, query string, args ...any) (int64, error) {
	r, err := execute(ctx, q, query, args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func execute(ctx context.Context, q bun.IDB, query string, args []any) (r sql.Result, err error) {
	run := func() error {
		g, err := enter(ctx, q)
		if err != nil {
			return err
		}
		defer g.leave()
		r, err = q.ExecContext(ctx, query, args...)
		if err == nil {
			answered(q)
		}
		return Wrap(err)
	}
	if _, alone := q.(*DB); alone {
		err = again(ctx, run)
	} else {
		err = run()
	}
	return r, err
}

// Now is the time as Nova's rows hold it: UTC; MySQL keeps whole seconds.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Time scans a nullable DATETIME, which SQLite gives as text.
type Time struct{ P **time.Time }

// Scan implements sql.Scanner.
func (t Time) Scan(v any) error {
	var text string
	switch v := v.(type) {
	case nil:
		*t.P = nil
		return nil
	case time.Time:
		u := v.UTC()
		*t.P = &u
		return nil
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("cannot read a time from %T", v)
	}
	for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.999999Z07:00", "2006-01-02 15:04:05.999999-07:00",
		"2006-01-02 15:04:05.999999 -0700 MST"} {
		if u, err := time.Parse(layout, text); err == nil {
			u = u.UTC()
			*t.P = &u
			return nil
		}
	}
	return fmt.Errorf("cannot read the time %q", text)
}

// In is a list for "IN (?)".
func In[T any](values []T) any { return bun.List(values) }

// Nulls is what follows "ASC" or "DESC", that NULL may be less than all values in
// every database.
func (d *DB) Nulls(desc bool) string {
	switch {
	case d.name != "postgresql":
		return ""
	case desc:
		return " NULLS LAST"
	}
	return " NULLS FIRST"
}

// Regexp is the operator that matches a regular expression; each database has
// its own dialect of them. SQLite gets the function from Open.
func (d *DB) Regexp() string {
	if d.name == "postgresql" {
		return "~"
	}
	return "REGEXP"
}

// SafeRegexp makes a filter that a user wrote safe for Regexp: MySQL fails on an
// empty alternative, so Nova takes "|" literally there.
func (d *DB) SafeRegexp(filter string) string {
	if d.name == "mysql" {
		return strings.ReplaceAll(filter, "|", `\|`)
	}
	return filter
}
