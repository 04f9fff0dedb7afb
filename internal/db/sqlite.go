//go:build !nosqlite

package db

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"

	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	"modernc.org/sqlite" // database/sql driver "sqlite"
)

// HasSQLite tells whether this program can open SQLite databases: one that is built
// with the tag nosqlite cannot.
const HasSQLite = true

// openSQLite opens the database of a DSN.
func openSQLite(dsn string) (*sql.DB, schema.Dialect, error) {
	if err := sqliteRegexp(); err != nil {
		return nil, nil, err
	}
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, nil, err
	}
	return pool, sqlitedialect.New(), nil
}

// sqliteCode is the extended result code of an error of SQLite, 0 of any other.
func sqliteCode(err error) int {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()
	}
	return 0
}

// sqliteText is the text of an error of SQLite, without what has been put around it.
func sqliteText(err error) string {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Error()
	}
	return ""
}

// sqliteRegexp gives SQLite, which has the operator but no function behind it,
// the one that SQLAlchemy's dialect registers: a search, case and all.
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
		return re.MatchString(fmt.Sprint(args[1])), nil // numbers, too
	})
})
