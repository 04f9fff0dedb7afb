//go:build nosqlite

package db

import (
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun/schema"
)

// HasSQLite tells whether this program can open SQLite databases. A program that is built with
// the tag nosqlite cannot.
const HasSQLite = false

func openSQLite(string, time.Duration) (*sql.DB, schema.Dialect, error) {
	return nil, nil, errors.New("cannot use the database \"sqlite\": this program is built without SQLite (tag nosqlite); use mysql or " +
		"postgresql")
}

func sqliteCode(error) int { return 0 }

func sqliteText(error) string { return "" }
