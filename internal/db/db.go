// Package db opens Nova's databases: URLs and pools with the meaning of oslo.db, the dialects
// MySQL, PostgreSQL and SQLite, and the choice of cells. The packages db/api and db/cell have the
// SQL, with one file per group of tables.
package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	"golang.org/x/sync/singleflight"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/metrics"
)

// Options are the pool options of oslo.db. The zero value has oslo.db's defaults.
type Options struct {
	MaxPoolSize *int // connections that stay open; nil: 5; 0: no limit
	MaxOverflow *int // further connections at a time; nil: 50; -1: no limit
	Recycle     time.Duration
	// Replica is slave_connection, the SQLAlchemy URL of a replica that may lag, for reads
	// outside of transactions if synchronous_reader is off; "": none.
	Replica string
	// Wait is how long a query waits for a free connection before it fails; nil: 30 s.
	Wait *time.Duration
	// Parameters is connection_parameters ("a=b&c=d"), which is added to the query of the URL.
	Parameters string
	// SQLMode is mysql_sql_mode; nil: TRADITIONAL.
	SQLMode *string
	// WsrepSyncWait is the value of wsrep_sync_wait for each connection to a Galera cluster; nil:
	// it is not set.
	WsrepSyncWait *int
	// Patience is how long Serves tolerates that the database does not answer; 0: 30 s.
	Patience time.Duration
	// Unsynced turns off the synchronous writes of SQLite.
	Unsynced bool
	// Latency is added to each statement on SQLite: see WithLatency.
	Latency time.Duration
	// Profiled makes the statements of traced requests steps of their osprofiler traces.
	Profiled bool
	// Statement, if not nil, is called with each statement before it is sent, and with BEGIN, COMMIT and ROLLBACK. The text
	// contains the values.
	Statement func(ctx context.Context, statement string)
	// Metrics counts the queries under Name; nil: they are not counted.
	Metrics *metrics.Metrics
	Name    metrics.DatabaseName
}

type latencyKey struct{}

// WithLatency returns a context in which applications wait before each statement on SQLite, as a
// network to a database server would make them wait. Simulations of large clouds use it.
func WithLatency(ctx context.Context, latency time.Duration) context.Context {
	return context.WithValue(ctx, latencyKey{}, latency)
}

// Latency returns the duration that WithLatency has put into the context, or 0.
func Latency(ctx context.Context) time.Duration {
	latency, _ := ctx.Value(latencyKey{}).(time.Duration)
	return latency
}

// DB is one database. Queries have the placeholder "?" in all dialects. The client inserts the
// arguments into the text, so that a query is one round trip.
type DB struct {
	*bun.DB
	name    string
	address string
	replica *DB // nil: none
	// writing serializes the transactions that write to SQLite, which allows one writer and lets
	// others sleep for increasing times. It is nil for database servers, which queue writers.
	writing *sync.Mutex
	metrics *metrics.Metrics
	gate    *gate // nil: the number of connections is not limited
	probe   probe
	// patience is Patience of the options.
	patience time.Duration
	// readTimeout is read_timeout of the URL; 0: none.
	readTimeout time.Duration
	heard       atomic.Int64 // when a query was last answered, in Unix nanoseconds
}

// Metrics returns the metrics of the readers of this database; it may be nil.
func (d *DB) Metrics() *metrics.Metrics {
	if d == nil {
		return nil
	}
	return d.metrics
}

// Kind returns "mysql", "postgresql" or "sqlite".
func (d *DB) Kind() string { return d.name }

// Address returns where the database is, for messages: "host:port/name", a socket and a name, or
// a file. It has no user name and no password.
func (d *DB) Address() string { return d.address }

// Open returns the database of an SQLAlchemy URL. It does not connect, so that an unreachable
// database fails the queries and not Open. An error about the URL is a *URLError.
func Open(connection string, o Options) (*DB, error) {
	src, err := parseURL(connection, o)
	if err != nil {
		return nil, err
	}
	var pool *sql.DB
	var speaks schema.Dialect
	switch src.dialect {
	case "mysql":
		connector, err := mysql.NewConnector(src.mysql)
		if err != nil {
			return nil, &URLError{"connection", err}
		}
		silence := src.mysql.ReadTimeout
		prepared := &validatingConnector{sessionConnector{connector, src.session}, src.within, silence, &singleflight.Group{}}
		pool, speaks = sql.OpenDB(timedConnector{prepared, src.within, silence, src.mysql.Net, src.address}), mysqldialect.New()
	case "postgresql":
		var options []stdlib.OptionOpenDB
		if src.random {
			options = append(options, stdlib.OptionBeforeConnect(shuffle))
		}
		connector := &validatingConnector{stdlib.GetConnector(*src.postgres, options...), src.within, 0, &singleflight.Group{}}
		pool, speaks = sql.OpenDB(timedConnector{connector, src.within, 0, "tcp", src.address}), pgdialect.New()
	case "sqlite":
		if o.Unsynced {
			src.dsn += "&_pragma=synchronous(OFF)"
		}
		if pool, speaks, err = openSQLite(src.dsn, o.Latency); err != nil {
			return nil, err
		}
	}
	if src.dialect == "sqlite" && strings.Contains(src.dsn, ":memory:") {
		o.MaxPoolSize, o.MaxOverflow = new(1), new(0) // each connection to sqlite:// would be a database of its own
	}
	limit := o.gate()
	if limit != nil {
		pool.SetMaxOpenConns(limit.most())
		pool.SetMaxIdleConns(limit.most())
	} else {
		pool.SetMaxIdleConns(100)
	}
	// oslo.db closes overflow connections when they are returned to the pool, which costs a
	// handshake per request under load. Here they are closed when they have been idle.
	if src.dialect != "sqlite" {
		pool.SetConnMaxIdleTime(time.Minute)
		if o.Recycle == 0 {
			o.Recycle = time.Hour
		}
		pool.SetConnMaxLifetime(o.Recycle)
	}
	d := &DB{DB: bun.NewDB(pool, offlineDialect{speaks}), name: src.dialect, address: src.address, metrics: o.Metrics, gate: limit,
		patience: cmp.Or(o.Patience, defaultPatience)}
	if src.mysql != nil {
		d.readTimeout = src.mysql.ReadTimeout
	}
	if d.name == "sqlite" {
		d.writing = &sync.Mutex{}
	}
	if counted := o.Metrics.Database(o.Name, gatedPool{pool, limit}); counted != nil {
		d.DB = d.WithQueryHook(&queryCounter{counted})
	}
	d.observeStatements(o)
	if o.Replica != "" {
		copied := o
		copied.Replica = ""
		copied.Name.Database += "-replica"
		if d.replica, err = Open(o.Replica, copied); err != nil {
			return nil, &URLError{"slave_connection", err}
		}
	}
	return d, nil
}

// queryCounter counts queries.
type queryCounter struct{ to *metrics.Database }

// BeforeQuery implements bun.QueryHook.
func (c *queryCounter) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	return ctx
}

// AfterQuery implements bun.QueryHook. A query that ended because its client has disconnected
// does not count as a failure of the database.
func (c *queryCounter) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if errors.Is(e.Err, context.Canceled) {
		return
	}
	c.to.Query(time.Since(e.StartTime), e.Err != nil && Unanswered(e.Err))
}

// offlineDialect keeps bun from connecting to read the version of a MySQL server, because Open
// must not need the database.
type offlineDialect struct{ schema.Dialect }

func (offlineDialect) Init(*sql.DB) {}

// timeLayout is SQLAlchemy's text for a DATETIME in all dialects. SQLite stores the text, and
// Nova in Python reads it.
const timeLayout = "2006-01-02 15:04:05.000000"

// AppendTime writes a time in UTC.
func (offlineDialect) AppendTime(b []byte, t time.Time) []byte {
	b = append(b, '\'')
	b = t.UTC().AppendFormat(b, timeLayout)
	return append(b, '\'')
}

// AppendString quotes a string. bun drops or refuses the character NUL. MySQL and SQLite store
// it, so it is encoded for them, as Python's drivers do; PostgreSQL cannot store it.
func (o offlineDialect) AppendString(b []byte, s string) []byte {
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

// Duplicate tells whether err is the violation of a unique constraint. detail is the text of the
// driver, with the name of the constraint (MySQL, PostgreSQL) or the columns (SQLite).
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

// Close closes the connections, also those to the replica.
func (d *DB) Close() error {
	err := d.DB.Close()
	if d.replica != nil {
		err = errors.Join(err, d.replica.Close())
	}
	return err
}

// Each runs a query and calls row for each row of the result.
func (d *DB) Each(ctx context.Context, row func(*sql.Rows) error, query string, args ...any) error {
	if d.replica != nil {
		d = d.replica
	}
	return Each(ctx, d, row, query, args...)
}

// Each is DB.Each for a database or a transaction. Outside of a transaction it repeats a query that
// a server refuses, and one whose connection is lost, but not once there are rows.
func Each(ctx context.Context, q bun.IDB, row func(*sql.Rows) error, query string, args ...any) error {
	return each(ctx, q, false, row, query, args)
}

// each is Each. If the query writes, it is not repeated when its connection is lost.
func each(ctx context.Context, q bun.IDB, writes bool, row func(*sql.Rows) error, query string, args []any) error {
	g, err := enterGate(ctx, q)
	if err != nil {
		return err
	}
	defer g.leave()
	var rows *sql.Rows
	ask := func() (err error) {
		rows, err = q.QueryContext(ctx, query, args...)
		return Wrap(err)
	}
	switch d, alone := q.(*DB); {
	case !alone:
		err = ask()
	case writes:
		err = d.retry(ctx, ask)
	default:
		err = d.retryLost(ctx, ask)
	}
	if err != nil {
		return err
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
	noteAnswer(q)
	return nil
}

// One scans the only row of a query's result. Without a row the error is sql.ErrNoRows.
func (d *DB) One(ctx context.Context, dest []any, query string, args ...any) error {
	if d.replica != nil {
		d = d.replica
	}
	return One(ctx, d, dest, query, args...)
}

// One is DB.One for a database or a transaction.
func One(ctx context.Context, q bun.IDB, dest []any, query string, args ...any) error {
	return one(ctx, q, false, dest, query, args)
}

func one(ctx context.Context, q bun.IDB, writes bool, dest []any, query string, args []any) error {
	found := false
	err := each(ctx, q, writes, func(r *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(dest...)
	}, query, args)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// InTx runs f in a transaction. It repeats the transaction up to five times if the database has
// aborted it because of a deadlock, has refused it (refused), or has lost the connection before the
// COMMIT.
func (d *DB) InTx(ctx context.Context, f func(tx bun.Tx) error) error {
	return d.Writing(func() error {
		return d.retryLost(ctx, func() error {
			g, err := enterGate(ctx, d)
			if err != nil {
				return err
			}
			defer g.leave()
			done := false
			err = d.RunInTx(ctx, nil, func(_ context.Context, tx bun.Tx) error {
				err := f(tx)
				done = err == nil
				return err
			})
			if done && err != nil {
				err = &endedError{err}
			}
			return Wrap(err)
		})
	})
}

// Writing runs f, which writes, and excludes other calls of Writing and InTx on a SQLite database
// of this process. It does not exclude other processes. f must not call InTx or Writing.
func (d *DB) Writing(f func() error) error {
	if d.writing != nil {
		d.writing.Lock()
		defer d.writing.Unlock()
	}
	return f()
}

// Insert runs an INSERT and returns the id of the new row.
func (d *DB) Insert(ctx context.Context, q bun.IDB, query string, args ...any) (int64, error) {
	if d.name == "postgresql" {
		var id int64
		err := one(ctx, q, true, []any{&id}, query+" RETURNING id", args)
		return id, err
	}
	r, err := execute(ctx, q, query, args)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// Exec runs a statement and returns the number of rows that it matched. Outside of a transaction
// it repeats the statement after a deadlock or a refusal, as InTx does.
func Exec(ctx context.Context, q bun.IDB, query string, args ...any) (int64, error) {
	r, err := execute(ctx, q, query, args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func execute(ctx context.Context, q bun.IDB, query string, args []any) (r sql.Result, err error) {
	run := func() error {
		g, err := enterGate(ctx, q)
		if err != nil {
			return err
		}
		defer g.leave()
		r, err = q.ExecContext(ctx, query, args...)
		if err == nil {
			noteAnswer(q)
		}
		return Wrap(err)
	}
	if d, alone := q.(*DB); alone {
		err = d.retry(ctx, run)
	} else {
		err = run()
	}
	return r, err
}

// Now returns the time of a context in UTC with the precision of rows: microseconds, of which MySQL stores whole seconds, or
// whole seconds in the embedded cloud.
func Now(ctx context.Context) time.Time { return clock.Stored(ctx) }

// Time scans a nullable DATETIME, which SQLite returns as text.
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

// In returns the argument of "IN (?)".
func In[T any](values []T) any { return bun.List(values) }

// Nulls returns the clause after "ASC" or "DESC" that makes NULL less than all other values in
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

// Regexp returns the operator that matches a regular expression. Each database has its own
// dialect of regular expressions. Open registers the function for SQLite.
func (d *DB) Regexp() string {
	if d.name == "postgresql" {
		return "~"
	}
	return "REGEXP"
}

// SafeRegexp converts a user's filter for Regexp. MySQL fails with an empty alternative, so Nova
// treats "|" as a literal there.
func (d *DB) SafeRegexp(filter string) string {
	if d.name == "mysql" {
		return strings.ReplaceAll(filter, "|", `\|`)
	}
	return filter
}
