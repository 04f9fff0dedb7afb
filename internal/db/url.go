package db

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"gopkg.in/ini.v1"

	"github.com/nova-go/nova/internal/clienttls"
)

// source is a database URL in the terms of a Go driver.
type source struct {
	dialect string // "mysql", "postgresql", "sqlite"
	dsn     string
	mysql   *mysql.Config
}

// parseURL reads a database URL as SQLAlchemy writes it.
func parseURL(connection string) (source, error) {
	scheme, _, ok := strings.Cut(connection, "://")
	if !ok {
		return source{}, errors.New("could not parse the database URL: it has no scheme")
	}
	dialect, _, _ := strings.Cut(scheme, "+")
	u, err := url.Parse(dialect + connection[len(scheme):])
	if err != nil { // the error of net/url would show the password
		return source{}, fmt.Errorf("could not parse the %s database URL", dialect)
	}
	switch dialect {
	case "mysql", "mariadb":
		c, err := mysqlConfig(u)
		return source{dialect: "mysql", mysql: c}, err
	case "postgresql", "postgres":
		return source{dialect: "postgresql", dsn: postgresDSN(u)}, nil
	case "sqlite":
		return source{dialect: "sqlite", dsn: sqliteDSN(u)}, nil
	}
	return source{}, fmt.Errorf("cannot use the database %q: use mysql, postgresql or sqlite", scheme)
}

// withParameters adds to the query of a URL, as SQLAlchemy's update_query_string
// does.
func withParameters(connection, parameters string) string {
	if parameters == "" {
		return connection
	}
	if strings.Contains(connection, "?") {
		return connection + "&" + parameters
	}
	return connection + "?" + parameters
}

// mysqlVariables adds what each connection to MySQL sets.
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
	c.Net, c.Addr = "tcp", withPort(u.Host, "3306")
	c.DBName = strings.TrimPrefix(u.Path, "/")
	c.ParseTime, c.Loc, c.InterpolateParams = true, time.UTC, true
	c.ClientFoundRows = true // an UPDATE tells how many rows it matched, as with SQLAlchemy and the other databases
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
	for option, timeout := range map[string]*time.Duration{"connect_timeout": &c.Timeout, "read_timeout": &c.ReadTimeout, "write_timeout": &c.WriteTimeout} {
		if s := q.Get(option); s != "" {
			d, err := time.ParseDuration(s + "s")
			if err != nil {
				return nil, fmt.Errorf("database URL: %s=%s is no number of seconds", option, s)
			}
			*timeout = d
		}
	}
	if cs := q.Get("charset"); cs != "" && cs != "utf8" && cs != "utf8mb3" {
		c.Params = map[string]string{"charset": cs}
	}
	t, err := tlsConfig(q, u.Hostname())
	c.TLS = t
	return c, err
}

// readMyCnf fills what the URL leaves open from the [client] section of an
// option file, as pymysql does.
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
	for ours, theirs := range map[string]string{"ssl_ca": "ssl-ca", "ssl_cert": "ssl-cert", "ssl_key": "ssl-key", "unix_socket": "socket"} {
		if v := s.Key(theirs).String(); v != "" && q.Get(ours) == "" {
			q.Set(ours, v)
		}
	}
	if s.Key("ssl").String() != "" && q.Get("ssl_ca") == "" {
		q.Set("ssl", "true")
	}
	return nil
}

func tlsConfig(q url.Values, host string) (*tls.Config, error) {
	ca, cert, key := q.Get("ssl_ca"), q.Get("ssl_cert"), q.Get("ssl_key")
	if ca == "" && cert == "" && q.Get("ssl") == "" {
		return nil, nil
	}
	t := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	// pymysql checks neither name nor chain unless it is told to, or has a CA.
	verify := q.Get("ssl_verify_cert") == "true" || ca != ""
	checkName := q.Get("ssl_verify_identity") == "true" || q.Get("ssl_check_hostname") == "true"
	if ca != "" {
		var err error
		if t.RootCAs, err = clienttls.Roots(ca); err != nil {
			return nil, fmt.Errorf("database URL: ssl_ca: %w", err)
		}
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("database URL: ssl_cert: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	if !verify || !checkName {
		t.InsecureSkipVerify = true
		if roots := t.RootCAs; verify {
			t.VerifyConnection = func(s tls.ConnectionState) error {
				between := x509.NewCertPool()
				for _, c := range s.PeerCertificates[1:] {
					between.AddCert(c)
				}
				_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
				return err
			}
		}
	}
	return t, nil
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
		// Arguments stand in the text: pgx would prepare, and keep, each text that it has not seen.
		q.Set("default_query_exec_mode", "exec")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// sqliteDSN reads sqlite:///relative, sqlite:////absolute and sqlite:// (memory).
func sqliteDSN(u *url.URL) string {
	file := strings.TrimPrefix(u.Path, "/")
	if file == "" {
		file = ":memory:"
	}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=cache_size(-256)&_txlock=immediate"
}
