package db

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
)

// dataSource is a database URL in the terms of a Go driver.
type dataSource struct {
	dialect  string        // "mysql", "postgresql", "sqlite"
	address  string        // without user name and password
	within   time.Duration // how long opening a connection may take
	dsn      string        // for SQLite
	mysql    *mysql.Config
	session  []string // statements for each new connection to MySQL
	postgres *pgx.ConnConfig
	random   bool // the hosts of PostgreSQL are tried in a random order
}

// parseURL parses a database URL in the form of SQLAlchemy. o has what oslo.db adds to it. The
// error is a *URLError.
func parseURL(connection string, o Options) (dataSource, error) {
	u, err := splitURL(connection, o.Parameters)
	if err != nil {
		return dataSource{}, &URLError{"connection", err}
	}
	s, err := u.source(o)
	if err == nil {
		return s, nil
	}
	where := &URLError{"connection", err}
	if p, ok := errors.AsType[*parameterError](err); ok &&
		slices.ContainsFunc(u.query, func(q parameter) bool { return q.name == p.name && q.added }) {
		where.Option = "connection_parameters"
	}
	return dataSource{}, where
}

// drivers returns the names of the drivers of a dialect of SQLAlchemy whose URLs are understood;
// "" is SQLAlchemy's choice.
func drivers(dialect string) []string {
	switch dialect {
	case "mysql", "mariadb":
		return []string{"pymysql", "", "mysqldb", "mysqlconnector", "mariadbconnector", "cymysql"}
	case "postgresql":
		return []string{"psycopg2", "", "psycopg", "psycopg2cffi", "pg8000"}
	case "sqlite":
		return []string{"pysqlite", ""}
	}
	return nil
}

func (u sqlalchemyURL) source(o Options) (dataSource, error) {
	known := drivers(u.dialect)
	switch {
	case u.dialect == "postgres":
		return dataSource{}, errors.New(`cannot use the database "postgres": SQLAlchemy's name for it is postgresql`)
	case known == nil:
		return dataSource{}, fmt.Errorf("cannot use the database %q: use mysql, postgresql or sqlite", u.dialect)
	case !slices.Contains(known, u.driver):
		return dataSource{}, fmt.Errorf("cannot use the driver %q: use %s+%s", u.driver, u.dialect, known[0])
	}
	switch u.dialect {
	case "mysql", "mariadb":
		read, err := readMySQL(u)
		if err != nil {
			return dataSource{}, err
		}
		c, err := read.config()
		if err != nil {
			return dataSource{}, err
		}
		return dataSource{dialect: "mysql", mysql: c, address: c.Addr + "/" + c.DBName, within: read.connectTimeout,
			session: read.session(u.dialect, o)}, nil
	case "postgresql":
		settings, err := readPostgreSQL(u)
		if err != nil {
			return dataSource{}, err
		}
		c, within, err := settings.connectPostgreSQL()
		if err != nil {
			return dataSource{}, err
		}
		return dataSource{dialect: "postgresql", postgres: c, within: within, random: settings["load_balance_hosts"] == "random",
			address: net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + "/" + c.Database}, nil
	}
	return dataSource{dialect: "sqlite", dsn: sqliteDSN(u.database), address: cmp.Or(u.database, ":memory:")}, nil
}

// sqliteDSN converts sqlite:///relative, sqlite:////absolute and sqlite:// (in memory).
func sqliteDSN(file string) string {
	if file == "" {
		file = ":memory:"
	}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)" +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=cache_size(-256)&_txlock=immediate"
}

// withoutURL returns the text of pgx's error about a URL without the URL.
func withoutURL(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i+len("`: "):]
	}
	return text
}
