package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/sync/singleflight"
)

// errSilent is the silence of a server that answers neither a test of a connection nor new connections.
var errSilent = fmt.Errorf("the server does not answer: %w", io.ErrUnexpectedEOF)

// errLost is the loss of a connection after which a statement may have been done.
var errLost = fmt.Errorf("the connection was lost: %w", io.ErrUnexpectedEOF)

// validatingConnector makes connections that the pool closes after a server has refused a statement.
// Otherwise they would stay in use for up to connection_recycle_time after a failover, as long as
// the server lives.
//
// It also finds half-open connections: those that a load balancer or a firewall has dropped without closing
// them. Queries on them would hang; SQLAlchemy's do.
type validatingConnector struct {
	driver.Connector
	within  time.Duration // limits the time to open a connection
	silence time.Duration // read_timeout of the driver; 0: none
	tries   *singleflight.Group
}

const (
	// trustFor is how long a connection is used without a test after it was used.
	trustFor = time.Second
	// slowTest is how long the server may take to answer the test until a new connection is tried.
	slowTest = time.Second
)

// Connect implements driver.Connector.
func (c *validatingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqlConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver lacks an interface of database/sql"), conn.Close())
	}
	return &validatedConn{sqlConn: full, from: c, at: time.Now()}, nil
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

// validatedConn is not valid any more once a server has refused a statement.
type validatedConn struct {
	sqlConn
	from    *validatingConnector
	refused bool
	at      time.Time // of the last use
	used    bool      // before the current statement, and not tested since then
	silent  bool      // a test was not answered within read_timeout
	inTx    bool
}

// ResetSession implements driver.SessionResetter. It tests a connection that was not used for a while. If
// the server does not answer the test, but a new connection can be opened meanwhile, the connection is lost;
// otherwise it waits, because the server may only be slow. After read_timeout the statement fails, too: the
// server would answer on no other connection.
func (c *validatedConn) ResetSession(ctx context.Context) error {
	if time.Since(c.at) < trustFor {
		return c.sqlConn.ResetSession(ctx)
	}
	testing, end := context.WithCancel(ctx)
	defer end()
	began, tested := time.Now(), make(chan error, 1)
	go func() {
		err := c.sqlConn.ResetSession(testing)
		if _, pg := c.sqlConn.(*stdlib.Conn); err == nil && !pg { // pgx has sent a ping
			err = c.Ping(testing)
		}
		tested <- err
	}()
	var opened <-chan singleflight.Result
	for slow := time.After(slowTest); ; {
		select {
		case err := <-tested:
			switch {
			case err != nil && ctx.Err() != nil:
				return ctx.Err()
			case err != nil && testing.Err() == nil && silentSince(began, c.from.silence):
				c.silent = true
				return nil
			case err != nil:
				return driver.ErrBadConn
			}
			c.used = false // as a new one
			return nil
		case <-slow:
			opened = c.from.tries.DoChan("", c.from.try)
		case r := <-opened:
			if opened = nil; r.Err == nil {
				end() // the test fails
			}
		}
	}
}

// try opens a connection, and closes it.
func (c *validatingConnector) try() (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.within)
	defer cancel()
	conn, err := c.Connector.Connect(ctx)
	if err == nil {
		err = conn.Close()
	}
	return nil, err
}

// IsValid implements driver.Validator.
func (c *validatedConn) IsValid() bool {
	if v, ok := c.sqlConn.(driver.Validator); ok && !v.IsValid() {
		return false
	}
	return !c.refused && !c.silent
}

// ExecContext implements driver.ExecerContext. Outside of a transaction it first asks whether the
// server of a connection from the pool still answers, as SQLAlchemy's pool does with each
// connection: if the connection is lost during the statement, the server may have done it, and it cannot be
// repeated.
func (c *validatedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.silent {
		return nil, errSilent
	}
	if c.used && !c.inTx && c.Ping(ctx) != nil && ctx.Err() == nil {
		return nil, driver.ErrBadConn // database/sql takes another connection
	}
	c.use()
	r, err := c.sqlConn.ExecContext(ctx, query, args)
	if _, pg := c.sqlConn.(*stdlib.Conn); pg && errors.Is(err, driver.ErrBadConn) {
		// pgx returns this also if it has sent the statement, and database/sql would send it again.
		err = errLost
	}
	return r, c.note(err)
}

// QueryContext implements driver.QueryerContext.
func (c *validatedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.silent {
		return nil, errSilent
	}
	c.use()
	r, err := c.sqlConn.QueryContext(ctx, query, args)
	return r, c.note(err)
}

// BeginTx implements driver.ConnBeginTx.
func (c *validatedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if c.silent {
		return nil, errSilent
	}
	c.use()
	tx, err := c.sqlConn.BeginTx(ctx, o)
	if c.note(err) != nil {
		return nil, err
	}
	c.inTx = true
	return &leavingTx{tx, c}, nil
}

func (c *validatedConn) use() { c.used, c.at = true, time.Now() }

// note remembers a refusal, and returns err.
func (c *validatedConn) note(err error) error {
	c.refused = c.refused || refused(err)
	return err
}

// leavingTx is a transaction on a validatedConn.
type leavingTx struct {
	driver.Tx
	conn *validatedConn
}

// Commit implements driver.Tx.
func (t *leavingTx) Commit() error {
	t.conn.inTx = false
	t.conn.use()
	return t.conn.note(t.Tx.Commit())
}

// Rollback implements driver.Tx.
func (t *leavingTx) Rollback() error {
	t.conn.inTx = false
	return t.Tx.Rollback()
}
