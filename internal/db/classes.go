package db

import (
	"errors"
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
	return objects.ErrDBError
}
