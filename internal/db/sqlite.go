//go:build !nosqlite

package db

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	"modernc.org/sqlite" // database/sql driver "sqlite"
)

// HasSQLite tells whether this program can open SQLite databases. A program that is built with
// the tag nosqlite cannot.
const HasSQLite = true

// openSQLite opens the database of a DSN. A latency is added to each statement.
func openSQLite(dsn string, latency time.Duration) (*sql.DB, schema.Dialect, error) {
	if err := sqliteRegexp(); err != nil {
		return nil, nil, err
	}
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, nil, err
	}
	if latency > 0 {
		pool, err = delayed(pool, dsn, latency)
	}
	return pool, sqlitedialect.New(), err
}

// sqliteCode returns the extended result code of a SQLite error, or 0 for another error.
func sqliteCode(err error) int {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()
	}
	return 0
}

// sqliteText returns the text of a SQLite error without the texts of errors that wrap it.
func sqliteText(err error) string {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Error()
	}
	return ""
}

// sqliteRegexp registers the function of SQLite's operator REGEXP, which SQLite does not define.
// As in SQLAlchemy's dialect, it searches the text for the expression and is case-sensitive.
var sqliteRegexp = sync.OnceValue(func() error {
	var known expressions
	return sqlite.RegisterDeterministicScalarFunction("regexp", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		expression, _ := args[0].(string)
		if args[1] == nil {
			return false, nil
		}
		re, err := known.compiled(expression)
		if err != nil {
			return nil, err
		}
		return re.MatchString(fmt.Sprint(args[1])), nil // the value may be a number
	})
})
