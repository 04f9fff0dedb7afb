package db

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
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

// rejectedAtStart tells whether a server or proxy accepted a new connection, and then ended it for a reason
// that may pass: it has too many connections, it starts or ends, or its server went away. A connection
// that cannot be opened at all, or is not answered in time, is not repeated, as in Nova.
func rejectedAtStart(err error) bool {
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
