package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/nova-go/nova/internal/objects"
)

// Wrap gives the error of a driver the class that oslo.db raises in its place, which clients see in
// a status 500. If the database is down, that is Nova's DBConnectionError. Other errors are
// unchanged.
func Wrap(err error) error {
	switch _, wrapped := errors.AsType[*objects.Error](err); {
	case err == nil:
		return nil
	case isDown(err):
		return &objects.Error{Kind: objects.KindUnavailable, Class: objects.ErrDBConnectionError, Cause: err,
			Message: "The server is currently unavailable. Please try again at a later time."}
	case wrapped:
		return err
	}
	if class := driverClass(err); class != (objects.Class{}) {
		return &objects.Error{Class: class, Message: err.Error(), Cause: err}
	}
	return err
}

// isDown tells whether err means that the server cannot be reached, has lost the connection, or is
// ending.
func isDown(err error) bool {
	var netErr *net.OpError
	var pgErr *pgconn.ConnectError
	var pg *pgconn.PgError
	var my *mysql.MySQLError
	switch {
	case sqliteCode(err)&0xff == 14: // SQLITE_CANTOPEN
		return true
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.As(err, &netErr), errors.As(err, &pgErr),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, pgconn.ErrConnClosed):
		return true
	case errors.As(err, &pg): // connection exceptions, shutting down, too many connections
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "57P") || pg.Code == "53300"
	case errors.As(err, &my):
		switch my.Number {
		case 1047: // a node of Galera without a majority
			return refused(err)
		case 1040, 1042, 1043, 1053, 1158, 1159, 1160, 1161, 1203: // too many connections, shutting down, network
			return true
		case 1927, 4031: // the connection was killed, or idle for too long
			return true
		case 2002, 2003, 2006, 2013, 2014, 2045, 2055: // clients' numbers, which proxies send about their own connections
			return true
		}
	}
	return false
}

// Unanswered tells whether err means that the database is down or did not answer in time, and not
// that the query is wrong.
func Unanswered(err error) bool {
	return isDown(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, objects.ErrDBConnectionError)
}

// driverClass returns oslo.db's class for the error of a driver, or the zero value for other errors.
func driverClass(err error) objects.Class {
	var my *mysql.MySQLError
	var pg *pgconn.PgError
	switch code := sqliteCode(err); {
	case errors.As(err, &my):
		if inconsistent(my) {
			return objects.ErrDBConsistencyError
		}
		return mysqlClass(my.Number)
	case errors.As(err, &pg):
		return postgresqlClass(pg.Code)
	case code == 0:
		return objects.Class{}
	case code == 2067, code == 1555: // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY
		return objects.ErrDBDuplicateEntry
	case code == 787: // SQLITE_CONSTRAINT_FOREIGNKEY
		return objects.ErrDBReferenceError
	case code&0xff == 19: // SQLITE_CONSTRAINT
		return objects.ErrDBError
	case strings.Contains(sqliteText(err), "no such table"):
		return objects.ErrDBNonExistentTable
	}
	return objects.ErrSQLOperationalError
}

// mysqlClass follows the classes of PyMySQL, of which oslo.db replaces some.
func mysqlClass(number uint16) objects.Class {
	switch number {
	case 1062:
		return objects.ErrDBDuplicateEntry
	case 1205, 1213:
		return objects.ErrDBDeadlock
	case 1216, 1217, 1451, 1452:
		return objects.ErrDBReferenceError
	case 1264, 1265, 1292, 1406:
		return objects.ErrDBDataError
	case 1146:
		return objects.ErrSQLProgrammingError
	case 1007, 1064, 1102, 1103, 1110, 1111, 1112, 1113, 1149, 1166, 1179, // PyMySQL's ProgrammingError
		1171, 1230, 1263, 1366, 1367, 1441, // DataError
		1048, 1215, // IntegrityError
		1196, 1235, 1286, 1289: // NotSupportedError
		return objects.ErrDBError
	}
	return objects.ErrSQLOperationalError
}

func postgresqlClass(code string) objects.Class {
	switch code {
	case "23505":
		return objects.ErrDBDuplicateEntry
	case "23503":
		return objects.ErrDBReferenceError
	case "23514":
		return objects.ErrDBConstraintError
	case "40P01":
		return objects.ErrDBDeadlock
	case "42P01":
		return objects.ErrDBNonExistentTable
	}
	switch code[:min(len(code), 2)] {
	case "40", "53", "54", "55", "57", "58": // psycopg2's OperationalError
		return objects.ErrSQLOperationalError
	}
	return objects.ErrDBError
}
