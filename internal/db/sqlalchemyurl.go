package db

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/pytext"
)

// sqlalchemyURL has the parts of a database URL as SQLAlchemy reads them. It differs from net/url:
// only the name, the user, the password and the database are unquoted, a password may have any
// character except @, and nothing is a fragment. "" and 0 are absent parts.
type sqlalchemyURL struct {
	dialect, driver                string // of "mysql+pymysql"; driver is "" if the URL does not name it
	user, password, host, database string
	port                           int
	query                          []parameter // in the order in which their names occur first
}

// parameter is a parameter of a URL's query.
type parameter struct {
	name   string
	values []string // none is ""
	added  bool     // connection_parameters has its last value
}

// URLError is an error of a database URL, with the option of oslo.db that has the mistake.
type URLError struct {
	Option string // "connection", "connection_parameters" or "slave_connection"
	Err    error  // without the password
}

// Error returns the text of Err.
func (e *URLError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *URLError) Unwrap() error { return e.Err }

// parameterError is an error of one parameter.
type parameterError struct{ name, why string }

func (e *parameterError) Error() string { return "database URL: " + e.name + e.why }

// wrong returns a parameterError: "NAME: why".
func wrong(name, format string, args ...any) error {
	return &parameterError{name, ": " + fmt.Errorf(format, args...).Error()}
}

// splitURL parses a URL and connection_parameters, which oslo.db adds to it.
func splitURL(connection, parameters string) (sqlalchemyURL, error) {
	var u sqlalchemyURL
	name, rest, ok := strings.Cut(connection, "://")
	if !ok || !regexp.MustCompile(`^[\pL\pN_+]+$`).MatchString(name) {
		return u, errors.New("could not parse the database URL: it does not begin with a dialect such as mysql+pymysql://")
	}
	u.dialect, u.driver, _ = strings.Cut(name, "+")
	rest = u.cutUser(rest)
	if end := strings.IndexAny(rest, "/?"); strings.HasPrefix(rest, "[") {
		if bracket := strings.LastIndexByte(rest[:before(rest, end)], ']'); bracket > 1 {
			u.host, rest = rest[1:bracket], rest[bracket+1:]
		}
	}
	if u.host == "" {
		end := before(rest, strings.IndexAny(rest, ":/?"))
		u.host, rest = rest[:end], rest[end:]
	}
	if port, ok := strings.CutPrefix(rest, ":"); ok {
		end := before(port, strings.IndexAny(port, "/?"))
		port, rest = port[:end], port[end:]
		if u.port, ok = pythonInt(port); !ok { // the text may be a part of the password
			return u, fmt.Errorf("could not parse the %s database URL: what follows the host and a colon is not a port", u.dialect)
		}
	}
	if database, ok := strings.CutPrefix(rest, "/"); ok {
		end := before(database, strings.IndexByte(database, '?'))
		database, rest = database[:end], database[end:]
		u.database = pytext.Unquote(database)
	}
	if query, ok := strings.CutPrefix(rest, "?"); ok {
		query, _, _ = strings.Cut(query, "\n")
		u.addQuery(query, false)
	}
	u.addQuery(parameters, true)
	return u, nil
}

// before returns the index, or the length of s if there is none.
func before(s string, index int) int {
	if index < 0 {
		return len(s)
	}
	return index
}

// cutUser sets the user and the password, and returns what follows them. The password ends at the
// first @.
func (u *sqlalchemyURL) cutUser(rest string) string {
	run := rest[:before(rest, strings.IndexAny(rest, ":/"))]
	if after, ok := strings.CutPrefix(rest[len(run):], ":"); ok {
		if password, behind, ok := strings.Cut(after, "@"); ok {
			u.user, u.password = pytext.Unquote(run), pytext.Unquote(password)
			return behind
		}
	}
	if at := strings.LastIndexByte(run, '@'); at >= 0 {
		u.user = pytext.Unquote(run[:at])
		return rest[at+1:]
	}
	return rest
}

// addQuery adds the parameters of a query. Those without a value do not count.
func (u *sqlalchemyURL) addQuery(query string, added bool) {
	for field := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(strings.ReplaceAll(field, "+", " "), "=")
		if value == "" {
			continue
		}
		name, value = pytext.Unquote(name), pytext.Unquote(value)
		i := slices.IndexFunc(u.query, func(p parameter) bool { return p.name == name })
		if i < 0 {
			u.query = append(u.query, parameter{name, []string{value}, added})
			continue
		}
		u.query[i].values = append(u.query[i].values, value)
		u.query[i].added = added
	}
}

// pythonInt parses an integer as Python's int does.
func pythonInt(text string) (int, bool) {
	n, err := pytext.Int64(text)
	return int(n), err == nil
}

// pythonBool parses a boolean as SQLAlchemy's asbool does.
func pythonBool(text string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "on", "y", "t", "1":
		return true, true
	case "false", "no", "off", "n", "f", "0":
		return false, true
	}
	return false, false
}
