package db

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"gopkg.in/ini.v1"
)

// dataSource is a database URL in the terms of a Go driver.
type dataSource struct {
	dialect  string        // "mysql", "postgresql", "sqlite"
	address  string        // without user name and password
	within   time.Duration // how long opening a connection may take
	dsn      string        // for SQLite
	mysql    *mysql.Config
	postgres *pgx.ConnConfig
}

// parseURL parses a database URL in the form of SQLAlchemy.
func parseURL(connection string) (dataSource, error) {
	scheme, _, ok := strings.Cut(connection, "://")
	if !ok {
		return dataSource{}, errors.New("could not parse the database URL: it has no scheme")
	}
	dialect, _, _ := strings.Cut(scheme, "+")
	u, err := url.Parse(dialect + connection[len(scheme):])
	if err != nil { // the error of net/url contains the password
		return dataSource{}, fmt.Errorf("could not parse the %s database URL", dialect)
	}
	switch dialect {
	case "mysql", "mariadb":
		c, err := mysqlConfig(u)
		if err != nil {
			return dataSource{}, err
		}
		return dataSource{dialect: "mysql", mysql: c, address: c.Addr + "/" + c.DBName, within: cmp.Or(c.Timeout, defaultConnectTimeout)}, nil
	case "postgresql", "postgres":
		c, err := pgx.ParseConfig(postgresDSN(u))
		if err != nil { // pgx hides the password only in URLs that it can parse
			return dataSource{}, errors.New("could not use the postgresql database URL: " + strings.Join(strings.Fields(withoutURL(err)), " "))
		}
		hosts := time.Duration(1 + len(c.Fallbacks))
		return dataSource{dialect: "postgresql", postgres: c, address: net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + "/" + c.Database,
			within: cmp.Or(c.ConnectTimeout, defaultConnectTimeout) * hosts}, nil
	case "sqlite":
		return dataSource{dialect: "sqlite", dsn: sqliteDSN(u), address: cmp.Or(strings.TrimPrefix(u.Path, "/"), ":memory:")}, nil
	}
	return dataSource{}, fmt.Errorf("cannot use the database %q: use mysql, postgresql or sqlite", scheme)
}

// withParameters adds parameters to the query of a URL, as SQLAlchemy's update_query_string does.
func withParameters(connection, parameters string) string {
	if parameters == "" {
		return connection
	}
	if strings.Contains(connection, "?") {
		return connection + "&" + parameters
	}
	return connection + "?" + parameters
}

// mysqlVariables adds the system variables that each connection to MySQL sets.
func (o Options) mysqlVariables(p map[string]string) map[string]string {
	if p == nil {
		p = map[string]string{}
	}
	mode := "TRADITIONAL"
	if o.SQLMode != nil {
		mode = *o.SQLMode
	}
	p["sql_mode"] = "'" + strings.ReplaceAll(mode, "'", "") + "'"
	p["time_zone"] = "'+00:00'"
	if o.WsrepSyncWait != nil {
		p["wsrep_sync_wait"] = strconv.Itoa(*o.WsrepSyncWait)
	}
	return p
}

func mysqlConfig(u *url.URL) (*mysql.Config, error) {
	c := mysql.NewConfig()
	c.Logger = &mysql.NopLogger{} // the errors contain what it would print
	c.Net, c.Addr = "tcp", withPort(u.Host, "3306")
	c.DBName = strings.TrimPrefix(u.Path, "/")
	c.ParseTime, c.Loc, c.InterpolateParams = true, time.UTC, true
	c.ClientFoundRows = true // an UPDATE returns the number of matched rows, as with SQLAlchemy and the other databases
	if u.User != nil {
		c.User = u.User.Username()
		c.Passwd, _ = u.User.Password()
	}
	q := u.Query()
	if f := q.Get("read_default_file"); f != "" {
		if err := readMyCnf(c, q, f); err != nil {
			return nil, err
		}
	}
	if s := q.Get("unix_socket"); s != "" {
		c.Net, c.Addr = "unix", s
	}
	for option, timeout := range map[string]*time.Duration{"connect_timeout": &c.Timeout, "read_timeout": &c.ReadTimeout,
		"write_timeout": &c.WriteTimeout} {
		if s := q.Get(option); s != "" {
			d, err := time.ParseDuration(s + "s")
			if err != nil {
				return nil, fmt.Errorf("database URL: %s=%s is no number of seconds", option, s)
			}
			*timeout = d
		}
	}
	// The charset of the URL configures Python's driver. Go strings are UTF-8, and the Go driver
	// tells the server so.
	return c, setTLS(c, q, cmp.Or(u.Hostname(), "localhost"))
}

// readMyCnf sets what the URL leaves open from the section [client] of an option file, as PyMySQL
// does.
func readMyCnf(c *mysql.Config, q url.Values, file string) error {
	f, err := ini.LoadSources(ini.LoadOptions{AllowBooleanKeys: true, SkipUnrecognizableLines: true}, file)
	if err != nil {
		return fmt.Errorf("database URL: read_default_file: %w", err)
	}
	s := f.Section("client")
	set := func(to *string, key string) {
		if v := strings.Trim(s.Key(key).String(), `"'`); *to == "" && v != "" {
			*to = v
		}
	}
	set(&c.User, "user")
	set(&c.Passwd, "password")
	for ours, theirs := range map[string]string{"ssl_ca": "ssl-ca", "ssl_capath": "ssl-capath", "ssl_cert": "ssl-cert",
		"ssl_key": "ssl-key", "ssl_cipher": "ssl-cipher", "unix_socket": "socket"} {
		if v := s.Key(theirs).String(); v != "" && q.Get(ours) == "" {
			q.Set(ours, v)
		}
	}
	if s.Key("ssl").String() != "" && q.Get("ssl_ca") == "" {
		q.Set("ssl", "true")
	}
	return nil
}

func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	if host == "" {
		host = "localhost"
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

func postgresDSN(u *url.URL) string {
	q := u.Query()
	q.Del("client_encoding")
	q.Set("timezone", "UTC")
	if !q.Has("default_query_exec_mode") {
		// The arguments are part of the text. In its default mode pgx would prepare each new text
		// and keep it.
		q.Set("default_query_exec_mode", "exec")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// sqliteDSN converts sqlite:///relative, sqlite:////absolute and sqlite:// (in memory).
func sqliteDSN(u *url.URL) string {
	file := strings.TrimPrefix(u.Path, "/")
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
