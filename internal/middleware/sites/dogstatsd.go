package sites

import (
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/nova-go/nova/internal/middleware/filter"
)

// dogStatsd sends metrics with tags, in the format of DogStatsD, which Prometheus' statsd
// exporter reads, too. Datagrams that cannot be sent are dropped, as by Python's client.
type dogStatsd struct {
	prefix  string // with a dot, or ""
	tags    []string
	address string

	mu     sync.Mutex
	conn   net.Conn
	failed time.Time // of the last attempt to open conn; the zero time before
	asking bool      // a lookup of the address is in progress
}

// statsdRetry is the pause between lookups of an address that cannot be resolved.
const statsdRetry = 10 * time.Second

// newDogStatsd returns a client of host and port. It looks names up in the background, and
// drops metrics until it has an address.
func newDogStatsd(host, port, namespace string, tags ...string) *dogStatsd {
	d := &dogStatsd{tags: tags, address: net.JoinHostPort(host, port)}
	if namespace != "" {
		d.prefix = namespace + "."
	}
	d.socket()
	return d
}

// socket returns the connection, or nil while there is none.
func (d *dogStatsd) socket() net.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil || d.asking || !d.failed.IsZero() && time.Since(d.failed) < statsdRetry {
		return d.conn
	}
	host, _, _ := net.SplitHostPort(d.address)
	if host == "localhost" || net.ParseIP(host) != nil {
		d.opened(net.Dial("udp", d.address)) // asks no name server
		return d.conn
	}
	d.asking = true
	go func() {
		conn, err := net.Dial("udp", d.address)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.asking = false
		d.opened(conn, err)
	}()
	return nil
}

func (d *dogStatsd) opened(conn net.Conn, err error) {
	if err != nil {
		d.failed = time.Now()
		return
	}
	d.conn = conn
}

// statsdLines collects metrics that are sent in one datagram.
type statsdLines struct{ b []byte }

func (d *dogStatsd) add(l *statsdLines, name, value, kind string, tags []string) {
	b := append(append(append(l.b, d.prefix...), name...), ':')
	b = append(append(append(b, value...), '|'), kind...)
	first := true
	for _, list := range [][]string{tags, d.tags} {
		for _, tag := range list {
			if first {
				b = append(b, "|#"...)
			} else {
				b = append(b, ',')
			}
			b, first = append(b, statsdTag(tag)...), false
		}
	}
	l.b = append(b, '\n')
}

func (d *dogStatsd) increment(l *statsdLines, name string, tags ...string) {
	d.add(l, name, "1", "c", tags)
}

func (d *dogStatsd) gauge(l *statsdLines, name string, value int) {
	d.add(l, name, strconv.Itoa(value), "g", nil)
}

// milliseconds adds a timer with whole milliseconds.
func (d *dogStatsd) milliseconds(l *statsdLines, name string, took time.Duration, tags ...string) {
	ms := int64(math.RoundToEven(float64(took) / float64(time.Millisecond)))
	d.add(l, name, strconv.FormatInt(ms, 10), "ms", tags)
}

// seconds adds a timer whose value is in seconds, although statsd takes it for milliseconds.
func (d *dogStatsd) seconds(l *statsdLines, name string, took time.Duration, tags ...string) {
	d.add(l, name, strconv.FormatFloat(took.Seconds(), 'f', -1, 64), "ms", tags)
}

func (d *dogStatsd) send(l *statsdLines) {
	if len(l.b) == 0 {
		return
	}
	if conn := d.socket(); conn != nil {
		_, _ = conn.Write(l.b)
	}
}

// statsdTag replaces characters that separate tags or that Python's client replaces.
func statsdTag(tag string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("_-:/.", r) {
			return r
		}
		return '_'
	}, tag)
}

// statsdAddress reads the address of statsd from options of a paste section. The environment of
// the process, STATSD_HOST and STATSD_PORT, takes precedence if fromEnv is set.
func statsdAddress(p *filter.Options, fromEnv bool, port string) (string, string) {
	host := "127.0.0.1"
	p.String("statsd_host", &host)
	p.String("statsd_port", &port)
	if fromEnv {
		if v := os.Getenv("STATSD_HOST"); v != "" {
			host = v
		}
		if v := os.Getenv("STATSD_PORT"); v != "" {
			port = v
		}
	}
	if n, err := strconv.Atoi(strings.TrimSpace(port)); err != nil || n < 1 || n > math.MaxUint16 {
		p.Fail("statsd_port (or STATSD_PORT)", port, "port")
	}
	return host, strings.TrimSpace(port)
}
