package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"time"
)

// defaultConnectTimeout applies to URLs without connect_timeout; it is PyMySQL's default.
const defaultConnectTimeout = 10 * time.Second

// timedConnector limits the time to open a connection, including the greeting of the server and
// the authentication, so that a server that accepts connections and never answers counts as down.
// The context of the query may have no deadline.
type timedConnector struct {
	driver.Connector
	within        time.Duration
	silence       time.Duration // read_timeout of the driver; 0: none
	network, addr string
}

// Connect implements driver.Connector.
func (p timedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	bounded, cancel := context.WithTimeout(ctx, p.within)
	defer cancel()
	began := time.Now()
	conn, err := p.Connector.Connect(bounded)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil, bounded.Err() == nil && !silentSince(began, p.silence):
		return nil, &connectError{err}
	}
	// The MySQL driver returns driver.ErrBadConn for a greeting that does not come within read_timeout, after which
	// database/sql would wait for two further ones.
	return nil, &connectError{&net.OpError{Op: "connect", Net: p.network, Addr: namedAddr(p.addr), Err: errConnectTimeout}}
}

// silentSince tells whether read_timeout has passed since a time; 0 is no timeout.
func silentSince(began time.Time, readTimeout time.Duration) bool {
	return readTimeout > 0 && time.Since(began) >= readTimeout
}

// connectError is the failure of a new connection. Its text is that of the cause.
type connectError struct{ error }

func (e *connectError) Unwrap() error { return e.error }

// lost tells whether an established connection was lost. It is not known whether the server has
// done what was sent last.
func lost(err error) bool {
	_, connecting := errors.AsType[*connectError](err)
	_, ended := errors.AsType[*endedError](err)
	return err != nil && !connecting && !ended && isDown(err) && sqliteCode(err) == 0
}

// endedError is the failure of a COMMIT, after which the transaction may have happened.
type endedError struct{ error }

func (e *endedError) Unwrap() error { return e.error }

var errConnectTimeout = errors.New("the server does not answer in time")

// namedAddr is a net.Addr that is only a name.
type namedAddr string

func (namedAddr) Network() string  { return "" }
func (p namedAddr) String() string { return string(p) }

// sessionConnector runs statements on each new connection.
type sessionConnector struct {
	driver.Connector
	statements []string
}

// Connect implements driver.Connector.
func (c sessionConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	to, ok := conn.(driver.ExecerContext)
	for _, statement := range c.statements {
		if !ok {
			err = errors.New("the driver cannot run statements")
		} else {
			_, err = to.ExecContext(ctx, statement, nil)
		}
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}
