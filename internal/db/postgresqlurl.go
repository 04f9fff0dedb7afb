package db

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/user"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gopkg.in/ini.v1"
)

// libpqSettings has the parameters of a connection to PostgreSQL by libpq's names.
type libpqSettings map[string]string

// libpqParameter checks the value of a parameter, or returns why it is refused.
type libpqParameter func(name, value string) error

// libpqParameters returns what the parameters of psycopg2 and libpq do here. A nil function
// accepts every value; connectPostgreSQL uses it.
func libpqParameters() map[string]libpqParameter {
	list := map[string]libpqParameter{}
	// pgx and libpqTLS read these.
	for name := range strings.FieldsSeq("application_name channel_binding connect_timeout dbname fallback_application_name host hostaddr " +
		"options passfile password port require_auth service sslcert sslcertmode sslkey sslmode sslnegotiation sslpassword sslrootcert " +
		"requirepeer sslsni ssl_min_protocol_version ssl_max_protocol_version target_session_attrs user") {
		list[name] = nil
	}
	oneOf := func(why, accepted string) libpqParameter {
		return func(name, value string) error {
			if !slices.Contains(strings.Fields(accepted), strings.ToLower(value)) {
				return wrong(name, "%q cannot be used: %s", value, why)
			}
			return nil
		}
	}
	number := func(name, value string) error {
		if _, ok := libpqInt(value); !ok {
			return wrong(name, "%q is not a number", value)
		}
		return nil
	}
	refuse := func(why string) libpqParameter {
		return func(name, _ string) error { return wrong(name, "%s", why) }
	}
	const noKerberos = "Kerberos is not supported"
	for name, check := range map[string]libpqParameter{
		"client_encoding":     oneOf("strings are UTF-8", "utf8 utf-8 unicode auto"),
		"keepalives":          number,
		"keepalives_idle":     number,
		"keepalives_interval": number,
		"keepalives_count":    number,
		"gssencmode":          oneOf(noKerberos, "disable prefer"),
		"gssdelegation":       oneOf(noKerberos, "0"),
		"gsslib":              refuse(noKerberos),
		"krbsrvname":          refuse(noKerberos),
		"load_balance_hosts":  oneOf("it is disable or random", "disable random"),
		"replication":         oneOf("Nova needs a connection for queries", "false off no 0"),
		"sslcompression":      oneOf("it is 0 or 1", "0 1"), // OpenSSL has no compression
		"sslcrl":              refuse("lists of revoked certificates are not read"),
		"sslcrldir":           refuse("lists of revoked certificates are not read"),
		"tcp_user_timeout":    number,
		"connection_factory":  refuse("it cannot be given in a URL"),
		"cursor_factory":      refuse("it cannot be given in a URL"),
		"dsn":                 refuse("write its parameters into the URL"),
		"async":               refuse("SQLAlchemy needs synchronous connections"),
		"async_":              refuse("SQLAlchemy needs synchronous connections"),
	} {
		list[name] = check
	}
	return list
}

// libpqInt parses a number as libpq does: with spaces around it.
func libpqInt(text string) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	return int(n), err == nil
}

// readPostgreSQL returns the parameters of a URL.
func readPostgreSQL(u sqlalchemyURL) (libpqSettings, error) {
	s := libpqSettings{}
	for name, value := range map[string]string{"host": u.host, "dbname": u.database, "user": u.user, "password": u.password} {
		if value != "" {
			s[name] = value
		}
	}
	if u.port != 0 {
		s["port"] = strconv.Itoa(u.port)
	}
	known := libpqParameters()
	for _, p := range u.query {
		check, ok := known[p.name]
		switch {
		case !ok:
			return nil, &parameterError{p.name, " is not known to psycopg2"}
		case len(p.values) > 1 && p.name != "host" && p.name != "port":
			return nil, wrong(p.name, "it is given more than once")
		}
		for _, value := range p.values {
			if check == nil {
				continue
			}
			if err := check(p.name, value); err != nil {
				return nil, err
			}
		}
		if len(p.values) == 1 {
			s[p.name] = p.values[0]
		}
	}
	return s, s.setHosts(u)
}

// hostWithPort is SQLAlchemy's form of a host with a port in the parameter "host".
var hostWithPort = regexp.MustCompile(`^([a-zA-Z0-9\-.]*):(\d*)$`)

// setHosts sets host and port if the query has them, in one of SQLAlchemy's forms:
// host=h1:p1&host=h2:p2 and host=h1,h2&port=p1,p2.
func (s libpqSettings) setHosts(u sqlalchemyURL) error {
	given := map[string][]string{}
	for _, p := range u.query {
		given[p.name] = p.values
	}
	hosts, ports := given["host"], given["port"]
	switch {
	case len(hosts) == 0 && len(ports) == 0:
		return nil
	case len(hosts) > 1 || len(hosts) == 1 && len(ports) == 0 && hostWithPort.MatchString(hosts[0]):
		if len(ports) > 0 {
			return wrong("port", "the ports of several parameters host are behind them: host=h1:p1&host=h2:p2")
		}
		hosts, ports = splitPorts(hosts)
	default:
		hosts = strings.Split(strings.Join(hosts, ","), ",")
		if len(ports) == 1 {
			ports = strings.Split(ports[0], ",")
		}
	}
	for _, port := range ports {
		if _, ok := pythonInt(port); !ok && port != "" {
			return wrong("port", "%q is not a number", port)
		}
	}
	if len(ports) > 0 && len(hosts) != len(ports) {
		return wrong("host", "there are %d hosts and %d ports", len(hosts), len(ports))
	}
	if host := strings.Join(hosts, ","); host != "" {
		s["host"] = host
	}
	if len(ports) == 0 {
		ports = make([]string, len(hosts)) // several hosts without ports have the usual port, not the URL's
	}
	if port := strings.Join(ports, ","); port != "" {
		s["port"] = port
	}
	return nil
}

// splitPorts splits hosts with or without ports.
func splitPorts(given []string) (hosts, ports []string) {
	for _, one := range given {
		host, port, _ := strings.Cut(one, ":")
		hosts, ports = append(hosts, host), append(ports, port)
	}
	return hosts, ports
}

// addService adds what a service of pg_service.conf says to what the URL says.
func (s libpqSettings) addService() error {
	name := cmp.Or(s["service"], os.Getenv("PGSERVICE"))
	delete(s, "service")
	if name == "" {
		return nil
	}
	files := []string{cmp.Or(os.Getenv("PGSERVICEFILE"), expandUser("~/.pg_service.conf"))}
	if dir := os.Getenv("PGSYSCONFDIR"); dir != "" {
		files = append(files, dir+"/pg_service.conf")
	}
	for _, file := range files {
		f, err := ini.LoadSources(ini.LoadOptions{IgnoreInlineComment: true, PreserveSurroundedQuote: true, Loose: true}, file)
		if err != nil {
			return wrong("service", "%w", err)
		}
		section, err := f.GetSection(name)
		if err != nil {
			continue
		}
		known := libpqParameters()
		for _, key := range section.Keys() {
			check, ok := known[key.Name()]
			if !ok {
				return wrong("service", "%s: libpq does not know %s", file, key.Name())
			}
			if check != nil {
				if err := check(key.Name(), key.Value()); err != nil {
					return err
				}
			}
			if _, given := s[key.Name()]; !given {
				s[key.Name()] = key.Value()
			}
		}
		return nil
	}
	return wrong("service", "%s has no service %q", strings.Join(files, " and "), name)
}

// or returns a parameter, an environment variable of libpq if the parameter is not given, or a
// default.
func (s libpqSettings) or(name, variable, otherwise string) string {
	return cmp.Or(s[name], os.Getenv(variable), otherwise)
}

// connectPostgreSQL converts the parameters to the terms of pgx. within is how long opening a
// connection may take.
func (s libpqSettings) connectPostgreSQL() (c *pgx.ConnConfig, within time.Duration, err error) {
	if err := s.addService(); err != nil {
		return nil, 0, err
	}
	secured, err := s.tls()
	if err != nil {
		return nil, 0, err
	}
	addresses, err := s.addresses()
	if err != nil {
		return nil, 0, err
	}
	within = defaultConnectTimeout
	if text := s.or("connect_timeout", "PGCONNECT_TIMEOUT", ""); text != "" {
		n, ok := libpqInt(text)
		switch {
		case !ok:
			return nil, 0, wrong("connect_timeout", "%q is not a number of seconds", text)
		case n > 0:
			within = time.Duration(n) * time.Second
		default:
			within = longestConnect // libpq waits for ever
		}
	}
	if s["application_name"] == "" && os.Getenv("PGAPPNAME") == "" {
		s["application_name"] = s["fallback_application_name"]
	}
	words := []string{"sslmode=disable", "sslrootcert=''", "sslcert=''", "sslkey=''", "timezone=UTC", "client_encoding=UTF8"}
	for name := range strings.FieldsSeq("host port dbname user password passfile options application_name target_session_attrs " +
		"channel_binding require_auth sslcertmode sslnegotiation") {
		if s[name] != "" {
			words = append(words, name+"='"+strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s[name])+"'")
		}
	}
	c, err = pgx.ParseConfig(strings.Join(words, " "))
	if err != nil { // pgx hides the password only where it can parse the text
		return nil, 0, fmt.Errorf("could not use the postgresql database URL: %s", strings.Join(strings.Fields(withoutURL(err)), " "))
	}
	// The arguments are part of the text. In its default mode pgx would prepare each new text
	// and keep it.
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.DialFunc = s.dial
	c.ConnectTimeout = within
	if addresses != nil {
		c.LookupFunc = addresses.lookup
	}
	if s["target_session_attrs"] == "prefer-standby" {
		if len(c.Fallbacks) == 0 {
			c.ValidateConnect = nil // the only host is accepted in the end
		} else if secured.mode == "allow" || secured.mode == "prefer" {
			return nil, 0, wrong("target_session_attrs", "prefer-standby with several hosts needs an sslmode other than %s", secured.mode)
		}
	}
	secured.apply(c)
	return c, within * time.Duration(1+len(c.Fallbacks)), nil
}

// dial connects with the options of libpq for sockets.
func (s libpqSettings) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := s.dialer().DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	local, ok := conn.(*net.UnixConn)
	wanted := s.or("requirepeer", "PGREQUIREPEER", "")
	if !ok || wanted == "" {
		return conn, nil
	}
	uid, err := peerUID(local)
	if err == nil {
		var u *user.User
		if u, err = user.LookupId(strconv.Itoa(uid)); err == nil && u.Username != wanted {
			err = fmt.Errorf("requirepeer: the server runs as %q, not as %q", u.Username, wanted)
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Addr: conn.RemoteAddr(), Err: err}
	}
	return conn, nil
}

func (s libpqSettings) dialer() *net.Dialer {
	number := func(name string) int {
		n, _ := libpqInt(s[name])
		return max(n, 0)
	}
	d := &net.Dialer{}
	if timeout := number("tcp_user_timeout"); timeout > 0 {
		d.Control = func(network, _ string, c syscall.RawConn) (err error) {
			if !strings.HasPrefix(network, "tcp") {
				return nil
			}
			if failed := c.Control(func(fd uintptr) { err = setUserTimeout(fd, timeout) }); failed != nil {
				return failed
			}
			return err
		}
	}
	if n, ok := libpqInt(s["keepalives"]); ok && n == 0 {
		d.KeepAlive = -1
		return d
	}
	// -1 is the system's.
	d.KeepAliveConfig = net.KeepAliveConfig{Enable: true, Idle: cmp.Or(time.Duration(number("keepalives_idle"))*time.Second, -1),
		Interval: cmp.Or(time.Duration(number("keepalives_interval"))*time.Second, -1), Count: cmp.Or(number("keepalives_count"), -1)}
	return d
}

// shuffle puts the hosts of c into a random order. Each try with and without TLS stays with its
// host.
func shuffle(_ context.Context, c *pgx.ConnConfig) error {
	var hosts [][]*pgconn.FallbackConfig
	for i, try := range append([]*pgconn.FallbackConfig{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}, c.Fallbacks...) {
		if last := len(hosts) - 1; i > 0 && hosts[last][0].Host == try.Host && hosts[last][0].Port == try.Port {
			hosts[last] = append(hosts[last], try)
			continue
		}
		hosts = append(hosts, []*pgconn.FallbackConfig{try})
	}
	rand.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	tries := slices.Concat(hosts...)
	c.Host, c.Port, c.TLSConfig, c.Fallbacks = tries[0].Host, tries[0].Port, tries[0].TLSConfig, tries[1:]
	return nil
}
