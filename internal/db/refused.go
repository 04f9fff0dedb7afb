package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"
)

// refused tells whether a server has refused a statement because of its own state, without having
// done anything: a node of a Galera cluster without a majority (1047, 1180), or a server that became
// read-only in a failover (1290, 1836). The transaction, if there is one, can only be rolled back.
// Another connection may reach a server that takes the statement.
func refused(err error) bool {
	var my *mysql.MySQLError
	if !errors.As(err, &my) {
		return false
	}
	switch my.Number {
	case 1047: // also for commands that the server does not know
		return strings.Contains(my.Message, "WSREP")
	case 1290: // other options have this number as well
		return strings.Contains(my.Message, "read-only") || strings.Contains(my.Message, "read_only")
	case 1180: // a COMMIT that Galera could not replicate
		return strings.Contains(my.Message, "Not connected to Primary Component")
	case 1836:
		return true
	}
	return false
}

// leavingConnector makes connections that the pool closes after a server has refused a statement.
// Otherwise they would stay in use for up to connection_recycle_time after a failover, as long as
// the server lives.
type leavingConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c leavingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(mysqlConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver lacks an interface of database/sql"), conn.Close())
	}
	return &leavingConn{mysqlConn: full}, nil
}

// mysqlConn has the interfaces of the driver's connections that database/sql uses.
type mysqlConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.NamedValueChecker
}

// leavingConn is not valid any more once a server has refused a statement.
type leavingConn struct {
	mysqlConn
	refused atomic.Bool
}

// IsValid implements driver.Validator.
func (c *leavingConn) IsValid() bool { return !c.refused.Load() && c.mysqlConn.IsValid() }

// ExecContext implements driver.ExecerContext.
func (c *leavingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	r, err := c.mysqlConn.ExecContext(ctx, query, args)
	return r, c.note(err)
}

// QueryContext implements driver.QueryerContext.
func (c *leavingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	r, err := c.mysqlConn.QueryContext(ctx, query, args)
	return r, c.note(err)
}

// BeginTx implements driver.ConnBeginTx.
func (c *leavingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.mysqlConn.BeginTx(ctx, o)
	if c.note(err) != nil {
		return nil, err
	}
	return &leavingTx{tx, c}, nil
}

// note remembers a refusal, and returns err.
func (c *leavingConn) note(err error) error {
	if refused(err) {
		c.refused.Store(true)
	}
	return err
}

// leavingTx is a transaction on a leavingConn.
type leavingTx struct {
	driver.Tx
	conn *leavingConn
}

// Commit implements driver.Tx.
func (t *leavingTx) Commit() error { return t.conn.note(t.Tx.Commit()) }
