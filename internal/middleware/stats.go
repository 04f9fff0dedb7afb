package middleware

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/nova-go/nova/internal/middleware/filter"
	"github.com/nova-go/nova/paste"
)

// StatsOptions configure Stats.
type StatsOptions struct {
	Name string // the prefix of all timers
	// Host is the address of statsd; the default port is 8125.
	Host string
	// RemoveUUID and RemoveShortUUID remove UUIDs from names, with and without hyphens.
	RemoveUUID, RemoveShortUUID bool
}

const statsdPort = "8125"

// The first expression requires an "a" after the UUID. This is an error of oslo.middleware,
// which is reproduced because it determines the names of timers.
var (
	statsVersion   = regexp.MustCompile(`^/(v[0-9]\.[0-9])`)
	statsUUID      = regexp.MustCompile(`(?i)^.*(\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}).*a`)
	statsShortUUID = regexp.MustCompile(`^.*(\.[0-9a-fA-F]{32}).*`)
)

// Stats sends the duration of each request to statsd, under a name built from its method and
// path, as oslo.middleware's StatsMiddleware does. It ignores lost datagrams. It returns an
// error if the host cannot be resolved.
func Stats(o StatsOptions) (func(http.Handler) http.Handler, error) {
	switch {
	case o.Name == "":
		return nil, errors.New("name must be specified")
	case o.Host == "":
		return nil, errors.New("stats_host must be specified")
	}
	if _, _, err := net.SplitHostPort(o.Host); err != nil {
		o.Host = net.JoinHostPort(o.Host, statsdPort)
	}
	conn, err := net.Dial("udp4", o.Host)
	if err != nil {
		return nil, fmt.Errorf("stats_host: %w", err)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began, name := time.Now(), o.stat(r)
			defer func() {
				_, _ = fmt.Fprintf(conn, "%s:%0.6f|ms", name, float64(time.Since(began))/float64(time.Millisecond))
			}()
			next.ServeHTTP(w, r)
		})
	}, nil
}

// stat returns the name of a request's timer.
func (o *StatsOptions) stat(r *http.Request) string {
	path := filter.WSGIPath(r)
	if m := statsVersion.FindStringSubmatch(path); m != nil {
		path = strings.ReplaceAll(path, m[1], strings.ReplaceAll(m[1], ".", ""))
	}
	name := o.Name + "." + r.Method
	if path = strings.TrimLeft(path, "/"); path != "" {
		name += "." + strings.ReplaceAll(path, "/", ".")
	}
	if o.RemoveShortUUID {
		name = withoutMatches(statsShortUUID, name)
	}
	if o.RemoveUUID {
		name = withoutMatches(statsUUID, name)
	}
	return name
}

func withoutMatches(e *regexp.Regexp, name string) string {
	if m := e.FindStringSubmatch(name); m != nil {
		return strings.ReplaceAll(name, m[1], "")
	}
	return name
}

// stats builds the filter from a paste section. As in Python every non-empty text is true,
// including "False".
func (d Deps) stats(global, local paste.Conf) (func(http.Handler) http.Handler, error) {
	var o StatsOptions
	var long, short string
	p := filter.Options{Global: global, Local: local}
	p.String("name", &o.Name)
	p.String("stats_host", &o.Host)
	p.String("remove_uuid", &long)
	p.String("remove_short_uuid", &short)
	o.RemoveUUID, o.RemoveShortUUID = long != "", short != ""
	return Stats(o)
}
