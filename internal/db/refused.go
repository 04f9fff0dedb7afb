package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// refused tells whether a server has refused a statement because of its own state, without having
// done anything: a node of a Galera cluster without a majority (1047, 1180), a server that became
// read-only in a failover (1290, 1792, 1836; PostgreSQL's 25006), or ProxySQL without a server (9001).
// The transaction, if there is one, can only be rolled back. Another connection may reach a server that
// takes the statement.
func refused(err error) bool {
	var my *mysql.MySQLError
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		return pg.Code == "25006"
	case !errors.As(err, &my):
		return false
	}
	switch my.Number {
	case 1047: // also for commands that the server does not know
		return strings.Contains(my.Message, "WSREP")
	case 1290: // other options have this number as well
		return strings.Contains(my.Message, "read-only") || strings.Contains(my.Message, "read_only")
	case 1180: // a COMMIT that Galera could not replicate
		return strings.Contains(my.Message, "Not connected to Primary Component")
	case 1792, 1836:
		return true
	case 9001:
		return strings.Contains(my.Message, "reaching hostgroup")
	}
	return false
}

// turnedAway tells whether a server or proxy accepted a new connection, and then ended it for a reason
// that may pass: it has too many connections, it starts or ends, or its server went away. A connection
// that cannot be opened at all, or is not answered in time, is not repeated, as in Nova.
func turnedAway(err error) bool {
	connecting, ok := errors.AsType[*connectError](err)
	if !ok {
		return false
	}
	var my *mysql.MySQLError
	var pg *pgconn.PgError
	var op *net.OpError
	switch {
	case errors.As(connecting, &my):
		return isDown(my)
	case errors.As(connecting, &pg):
		return isDown(pg)
	case errors.As(connecting, &op):
		return op.Op == "read" || op.Op == "write"
	}
	return errors.Is(connecting, mysql.ErrInvalidConn) || errors.Is(connecting, driver.ErrBadConn) ||
		errors.Is(connecting, io.EOF) || errors.Is(connecting, io.ErrUnexpectedEOF)
}

// errLost is the loss of a connection after which a statement may have been done.
var errLost = fmt.Errorf("the connection was lost: %w", io.ErrUnexpectedEOF)

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
	full, ok := conn.(sqlConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver lacks an interface of database/sql"), conn.Close())
	}
	return &leavingConn{sqlConn: full}, nil
}

// sqlConn has the interfaces of the drivers' connections that database/sql uses.
type sqlConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.NamedValueChecker
}

// leavingConn is not valid any more once a server has refused a statement.
type leavingConn struct {
	sqlConn
	refused bool
	used    bool // before the current statement
	inTx    bool
}

// IsValid implements driver.Validator.
func (c *leavingConn) IsValid() bool {
	if v, ok := c.sqlConn.(driver.Validator); ok && !v.IsValid() {
		return false
	}
	return !c.refused
}

// ExecContext implements driver.ExecerContext. Outside of a transaction it first asks whether the
// server of a connection from the pool still answers, as SQLAlchemy's pool does with each
// connection: if the connection is lost during the statement, the server may have done it, and it cannot be
// repeated.
func (c *leavingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.used && !c.inTx && c.Ping(ctx) != nil && ctx.Err() == nil {
		return nil, driver.ErrBadConn // database/sql takes another connection
	}
	c.used = true
	r, err := c.sqlConn.ExecContext(ctx, query, args)
	if _, pg := c.sqlConn.(*stdlib.Conn); pg && errors.Is(err, driver.ErrBadConn) {
		// pgx returns this also if it has sent the statement, and database/sql would send it again.
		err = errLost
	}
	return r, c.note(err)
}

// QueryContext implements driver.QueryerContext.
func (c *leavingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.used = true
	r, err := c.sqlConn.QueryContext(ctx, query, args)
	return r, c.note(err)
}

// BeginTx implements driver.ConnBeginTx.
func (c *leavingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.used = true
	tx, err := c.sqlConn.BeginTx(ctx, o)
	if c.note(err) != nil {
		return nil, err
	}
	c.inTx = true
	return &leavingTx{tx, c}, nil
}

// note remembers a refusal, and returns err.
func (c *leavingConn) note(err error) error {
	c.refused = c.refused || refused(err)
	return err
}

// leavingTx is a transaction on a leavingConn.
type leavingTx struct {
	driver.Tx
	conn *leavingConn
}

// Commit implements driver.Tx.
func (t *leavingTx) Commit() error {
	t.conn.inTx = false
	return t.conn.note(t.Tx.Commit())
}

// Rollback implements driver.Tx.
func (t *leavingTx) Rollback() error {
	t.conn.inTx = false
	return t.Tx.Rollback()
}
