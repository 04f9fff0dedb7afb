//go:build !nosqlite

package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"
)

// delayed replaces a pool, which has no connections yet, by one with the same driver, on whose connections each statement
// and COMMIT takes longer by a latency.
func delayed(pool *sql.DB, dsn string, latency time.Duration) (*sql.DB, error) {
	return sql.OpenDB(delayedConnector{pool.Driver(), dsn, latency}), pool.Close()
}

// delayedConnector opens connections of a driver.
type delayedConnector struct {
	of      driver.Driver
	dsn     string
	latency time.Duration
}

// Driver implements driver.Connector.
func (c delayedConnector) Driver() driver.Driver { return c.of }

// Connect implements driver.Connector.
func (c delayedConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.of.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver lacks an interface of database/sql"), conn.Close())
	}
	return delayedConn{full, c.latency}, nil
}

// sqliteConn has the interfaces of the driver's connections that database/sql uses.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// delayedConn waits before each statement, and holds the connection meanwhile.
type delayedConn struct {
	sqliteConn
	latency time.Duration
}

func (c delayedConn) wait(ctx context.Context) error {
	select {
	case <-time.After(c.latency):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// QueryContext implements driver.QueryerContext.
func (c delayedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.wait(ctx); err != nil {
		return nil, err
	}
	return c.sqliteConn.QueryContext(ctx, query, args)
}

// ExecContext implements driver.ExecerContext.
func (c delayedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.wait(ctx); err != nil {
		return nil, err
	}
	return c.sqliteConn.ExecContext(ctx, query, args)
}

// BeginTx implements driver.ConnBeginTx.
func (c delayedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.wait(ctx); err != nil {
		return nil, err
	}
	tx, err := c.sqliteConn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return delayedTx{tx, c}, nil
}

// delayedTx waits before COMMIT.
type delayedTx struct {
	driver.Tx
	on delayedConn
}

// Commit implements driver.Tx.
func (t delayedTx) Commit() error {
	if err := t.on.wait(context.Background()); err != nil {
		return err
	}
	return t.Tx.Commit()
}
