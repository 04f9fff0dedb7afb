package db

import (
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mysqlURL has what a URL says about a connection to MySQL or MariaDB, in PyMySQL's terms.
type mysqlURL struct {
	driver                                    string
	user, password, host, database            string
	port                                      int
	portText                                  string // the parameter, which PyMySQL takes with an option file only
	socket, bindAddress                       string
	charset, collation, sqlMode, initCommand  string
	programName                               string
	publicKey                                 *rsa.PublicKey // for passwords without TLS; nil: the server is asked
	optionFile, optionGroup                   string
	connectTimeout, readTimeout, writeTimeout time.Duration
	interactive                               bool   // the server closes it after interactive_timeout without use
	otherDatabase, otherPassword              string // db, passwd
	tls                                       url.Values
}

// mysqlParameter applies the value of a parameter, or returns why it is refused.
type mysqlParameter func(c *mysqlURL, name, value string) error

// mysqlParameters returns what the parameters of PyMySQL's connections do here.
func mysqlParameters() map[string]mysqlParameter {
	text := func(field func(c *mysqlURL) *string) mysqlParameter {
		return func(c *mysqlURL, _, value string) error {
			*field(c) = value
			return nil
		}
	}
	seconds := func(field func(c *mysqlURL) *time.Duration) mysqlParameter {
		return func(c *mysqlURL, name, value string) error {
			n, ok := pythonInt(value)
			if !ok || n <= 0 || n > 31536000 {
				return wrong(name, "%q is not a number of seconds from 1 to 31536000", value)
			}
			*field(c) = time.Duration(n) * time.Second
			return nil
		}
	}
	boolean := func(refused bool, why string) mysqlParameter {
		return func(_ *mysqlURL, name, value string) error {
			switch is, ok := pythonBool(value); {
			case !ok:
				return wrong(name, "%q is neither true nor false", value)
			case why != "" && is == refused:
				return wrong(name, "%s", why)
			}
			return nil
		}
	}
	refuse := func(why string) mysqlParameter {
		return func(_ *mysqlURL, name, _ string) error { return wrong(name, "%s", why) }
	}
	needless := func(*mysqlURL, string, string) error { return nil }
	list := map[string]mysqlParameter{
		"user":               text(func(c *mysqlURL) *string { return &c.user }),
		"password":           text(func(c *mysqlURL) *string { return &c.password }),
		"passwd":             text(func(c *mysqlURL) *string { return &c.otherPassword }),
		"host":               text(func(c *mysqlURL) *string { return &c.host }),
		"port":               text(func(c *mysqlURL) *string { return &c.portText }),
		"database":           text(func(c *mysqlURL) *string { return &c.database }),
		"db":                 text(func(c *mysqlURL) *string { return &c.otherDatabase }),
		"unix_socket":        text(func(c *mysqlURL) *string { return &c.socket }),
		"bind_address":       text(func(c *mysqlURL) *string { return &c.bindAddress }),
		"charset":            (*mysqlURL).setCharset,
		"collation":          (*mysqlURL).setCollation,
		"sql_mode":           text(func(c *mysqlURL) *string { return &c.sqlMode }),
		"init_command":       text(func(c *mysqlURL) *string { return &c.initCommand }),
		"program_name":       (*mysqlURL).setProgramName,
		"server_public_key":  (*mysqlURL).setPublicKey,
		"client_flag":        (*mysqlURL).setFlags,
		"read_default_file":  text(func(c *mysqlURL) *string { return &c.optionFile }),
		"read_default_group": text(func(c *mysqlURL) *string { return &c.optionGroup }),
		"connect_timeout":    seconds(func(c *mysqlURL) *time.Duration { return &c.connectTimeout }),
		"read_timeout":       seconds(func(c *mysqlURL) *time.Duration { return &c.readTimeout }),
		"write_timeout":      seconds(func(c *mysqlURL) *time.Duration { return &c.writeTimeout }),
		"use_unicode":        boolean(false, "Nova needs text, and cannot start without it either"),
		"compress":           boolean(true, "PyMySQL does not support it"),
		"local_infile":       boolean(false, ""), // Nova does not use LOAD DATA
		"autocommit":         needless,           // transactions are begun explicitly
		"max_allowed_packet": needless,           // of LOAD DATA
		"binary_prefix":      needless,           // strings of bytes are quoted so that no warning is caused
		"named_pipe":         refuse("PyMySQL does not support it"),
		"conv":               refuse("it cannot be given in a URL"),
		"cursorclass":        refuse("it cannot be given in a URL"),
		"auth_plugin_map":    refuse("it cannot be given in a URL"),
		"defer_connect":      refuse("SQLAlchemy needs connections that are open"),
		"ssl_key_password":   refuse("encrypted keys cannot be read"),
	}
	for _, name := range tlsParameters() {
		if list[name] == nil {
			list[name] = func(c *mysqlURL, name, value string) error {
				c.tls.Set(name, value)
				return nil
			}
		}
	}
	return list
}

// readMySQL reads the URL and the option file that it names.
func readMySQL(u sqlalchemyURL) (*mysqlURL, error) {
	c := &mysqlURL{driver: u.driver, user: u.user, password: u.password, host: u.host, database: u.database, port: u.port,
		connectTimeout: defaultConnectTimeout, tls: url.Values{}}
	known := mysqlParameters()
	for _, p := range u.query {
		apply := known[p.name]
		switch {
		case p.name == "ssl_mode" && u.driver != "pymysql": // mysqlclient's
			apply = func(c *mysqlURL, name, value string) error {
				c.tls.Set(name, value)
				return nil
			}
		case apply == nil:
			return nil, &parameterError{p.name, " is not known to PyMySQL"}
		}
		if len(p.values) > 1 {
			return nil, wrong(p.name, "it is given more than once")
		}
		if err := apply(c, p.name, p.values[0]); err != nil {
			return nil, err
		}
	}
	c.database, c.password = cmp.Or(c.database, c.otherDatabase), cmp.Or(c.password, c.otherPassword)
	if c.optionGroup != "" && c.optionFile == "" {
		c.optionFile = "/etc/my.cnf"
	}
	if c.optionFile != "" {
		return c, c.readOptions()
	}
	if c.portText != "" {
		return nil, wrong("port", "PyMySQL takes it only together with read_default_file; write the port behind the host")
	}
	return c, nil
}

// readOptions sets what the URL leaves open from its option file.
func (c *mysqlURL) readOptions() error {
	options, err := readOptionFile(c.optionFile, cmp.Or(c.optionGroup, "client"))
	if err != nil {
		return wrong("read_default_file", "%w", err)
	}
	for option, field := range map[string]*string{"user": &c.user, "password": &c.password, "host": &c.host, "database": &c.database,
		"socket": &c.socket, "bind-address": &c.bindAddress} {
		*field = cmp.Or(*field, options[option])
	}
	if text := cmp.Or(c.portText, options["port"]); text != "" && (c.port == 0 || c.portText != "") {
		port, ok := pythonInt(text)
		if !ok {
			return wrong("read_default_file", "the port %q is not a number", text)
		}
		c.port = port
	}
	if charset := options["default-character-set"]; charset != "" && c.charset == "" {
		if err := c.setCharset("read_default_file: default-character-set", charset); err != nil {
			return err
		}
	}
	for option, value := range options {
		name, ok := strings.CutPrefix(option, "ssl-")
		switch {
		case !ok || value == "":
		case name == "password":
			return wrong("read_default_file", "ssl-password: encrypted keys cannot be read")
		case slices.Contains([]string{"ca", "capath", "cert", "key", "cipher"}, name) && !c.tls.Has("ssl_"+name):
			c.tls.Set("ssl_"+name, value)
		}
	}
	return nil
}

// setCharset accepts the names of UTF-8: strings are UTF-8 here, and the server has to be told so.
func (c *mysqlURL) setCharset(name, value string) error {
	if !slices.Contains([]string{"utf8", "utf8mb3", "utf8mb4"}, strings.ToLower(value)) {
		return wrong(name, "%q cannot be used; the character sets are utf8mb4, utf8mb3 and utf8", value)
	}
	c.charset = strings.ToLower(value)
	return nil
}

func (c *mysqlURL) setCollation(name, value string) error {
	if strings.Trim(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return wrong(name, "%q is not a collation", value)
	}
	c.collation = value
	return nil
}

// setProgramName sets an attribute of the connection, which performance_schema shows.
func (c *mysqlURL) setProgramName(name, value string) error {
	if strings.ContainsAny(value, ",:") {
		return wrong(name, "the driver cannot send a comma or a colon")
	}
	c.programName = value
	return nil
}

// setPublicKey sets the key with which passwords are encrypted where there is no TLS.
func (c *mysqlURL) setPublicKey(name, value string) error {
	block, _ := pem.Decode([]byte(value))
	if block == nil {
		return wrong(name, "it is not a key in PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	rsaKey, ok := key.(*rsa.PublicKey)
	if err != nil || !ok {
		return wrong(name, "it is not an RSA key")
	}
	c.publicKey = rsaKey
	return nil
}

// The flags of MySQL's protocol that change what a connection does.
const (
	flagNoSchema    = 1 << 4
	flagCompress    = 1 << 5
	flagInteractive = 1 << 10
	flagSSL         = 1 << 11
	flagsOfPyMySQL  = 1<<21 - 1 // the flags that PyMySQL has names for are below
)

// setFlags accepts the flags that PyMySQL sets anyway, that mean nothing for Nova's queries, or
// that a variable of the session stands for.
func (c *mysqlURL) setFlags(name, value string) error {
	flags, ok := pythonInt(value)
	switch refused := flags & (flagNoSchema | flagCompress | flagSSL); {
	case !ok:
		return wrong(name, "%q is not a number", value)
	case refused != 0:
		return wrong(name, "the driver cannot set the flags %d of %d", refused, flags)
	case flags < 0 || flags > flagsOfPyMySQL:
		return wrong(name, "%d has flags that are not known", flags)
	}
	c.interactive = flags&flagInteractive != 0
	return nil
}

// config converts c to the terms of the Go driver, without the session's variables.
func (c *mysqlURL) config() (*mysql.Config, error) {
	to := mysql.NewConfig()
	to.Logger = &mysql.NopLogger{} // the errors contain what it would print
	to.ParseTime, to.Loc, to.InterpolateParams = true, time.UTC, true
	to.ClientFoundRows = true // an UPDATE returns the number of matched rows, as with SQLAlchemy and the other databases
	to.User, to.DBName = cmp.Or(c.user, currentUser()), c.database
	to.Timeout, to.ReadTimeout, to.WriteTimeout = c.connectTimeout, c.readTimeout, c.writeTimeout
	var err error
	if to.Passwd, err = latin1(c.password); err != nil {
		return nil, err
	}
	host := cmp.Or(c.host, "localhost")
	to.Net, to.Addr = "tcp", net.JoinHostPort(host, strconv.Itoa(cmp.Or(c.port, 3306)))
	switch {
	case c.socket != "":
		to.Net, to.Addr = "unix", c.socket
	case c.bindAddress != "":
		to.DialFunc = dialFrom(c.bindAddress)
	}
	if c.programName != "" {
		to.ConnectionAttributes = "program_name:" + c.programName
	}
	if c.publicKey != nil {
		to.ServerPubKey = fmt.Sprintf("%x", c.publicKey.N)
		mysql.RegisterServerPubKey(to.ServerPubKey, c.publicKey)
	}
	return to, setTLS(to, c.tls, host)
}

// latin1 encodes a password as PyMySQL sends it.
func latin1(password string) (string, error) {
	encoded := make([]byte, 0, len(password))
	for _, r := range password {
		if r > 0xFF {
			return "", wrong("password", "PyMySQL cannot send characters outside of Latin-1")
		}
		encoded = append(encoded, byte(r))
	}
	return string(encoded), nil
}

// currentUser returns the user that PyMySQL logs in as if the URL has none.
func currentUser() string {
	for _, name := range []string{"LOGNAME", "USER", "LNAME", "USERNAME"} {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// dialFrom returns a function that connects from an address of this machine.
func dialFrom(address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, to string) (net.Conn, error) {
		from, err := net.ResolveTCPAddr(network, net.JoinHostPort(address, "0"))
		if err != nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: err}
		}
		return (&net.Dialer{LocalAddr: from}).DialContext(ctx, network, to)
	}
}

// session returns the statements that prepare a connection, in the order in which PyMySQL,
// SQLAlchemy and oslo.db run them. oslo.db does not know the dialect "mariadb", and sets its
// variables for "mysql" only.
func (c *mysqlURL) session(dialect string, o Options) []string {
	charset := c.charset
	if charset == "" {
		charset = map[string]string{"mysql": "utf8", "mariadb": "utf8mb4"}[dialect] // oslo.db's, PyMySQL's
	}
	var first []string
	if c.collation != "" {
		first = append(first, "SET NAMES "+charset+" COLLATE "+c.collation)
	}
	if c.sqlMode != "" {
		first = append(first, "SET sql_mode="+mysqlString(c.sqlMode))
	}
	if c.initCommand != "" {
		if len(first) == 0 {
			first = append(first, "SET NAMES "+charset)
		}
		first = append(first, c.initCommand)
	}
	variables := []string{"time_zone='+00:00'"}
	if c.interactive {
		variables = append(variables, "wait_timeout=@@interactive_timeout")
	}
	if dialect == "mysql" {
		mode := "TRADITIONAL"
		if o.SQLMode != nil {
			mode = *o.SQLMode
		}
		variables = append(variables, "sql_mode="+mysqlString(mode))
		if o.WsrepSyncWait != nil {
			variables = append(variables, "wsrep_sync_wait="+strconv.Itoa(*o.WsrepSyncWait))
		}
	}
	return append(first, "SET NAMES "+charset, "SET "+strings.Join(variables, ", "))
}

// mysqlString quotes a string for MySQL.
func mysqlString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(s) + "'"
}
