package metrics

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// DatabaseName identifies a database: "api", "main" or "cell", for a cell with its UUID and
// name.
type DatabaseName struct{ Database, Cell, CellName string }

var databaseLabels = []string{"database", "cell", "cell_name"}

func (n DatabaseName) labels() []string { return []string{n.Database, n.Cell, n.CellName} }

// Pool returns the statistics of a sql.DB.
type Pool interface {
	Stats() sql.DBStats
	PingContext(ctx context.Context) error
}

// Database records the queries of one database.
type Database struct {
	name     DatabaseName
	pool     Pool
	took     prometheus.Observer
	failures prometheus.Counter
	last     atomic.Int64 // the end of the last query, in Unix nanoseconds
	down     atomic.Bool  // whether the last query got no answer
}

// Query records a query. away is true if the database did not answer.
func (d *Database) Query(took time.Duration, away bool) {
	if d == nil {
		return
	}
	d.took.Observe(took.Seconds())
	if away {
		d.failures.Inc()
	}
	d.note(away)
}

func (d *Database) note(away bool) {
	d.last.Store(time.Now().UnixNano())
	if d.down.Load() != away {
		d.down.Store(away)
	}
}

// State is the state of a database.
type State struct {
	Name DatabaseName
	Up   bool
	sql.DBStats
}

const (
	// idleAfter is the age of the last query after which a scrape checks the database.
	idleAfter = 10 * time.Second
	// pingTimeout is the maximum time that a scrape waits for databases.
	pingTimeout = 2 * time.Second
)

func (d *Database) state(ctx context.Context) State {
	if time.Since(time.Unix(0, d.last.Load())) > idleAfter {
		ctx, cancel := context.WithTimeout(ctx, pingTimeout)
		defer cancel()
		d.note(d.pool.PingContext(ctx) != nil)
	}
	return State{d.name, !d.down.Load(), d.pool.Stats()}
}

// databases collects the metrics of the databases of the current application.
type databases struct {
	mu     sync.Mutex
	owners []*Metrics // applications that have not ended; the last one is collected
}

func (c *databases) show(m *Metrics) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owners = append(c.owners, m)
}

func (c *databases) hide(m *Metrics) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owners = slices.DeleteFunc(c.owners, func(o *Metrics) bool { return o == m })
}

func (c *databases) last() *Metrics {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.owners) == 0 {
		return nil
	}
	return c.owners[len(c.owners)-1]
}

func newDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("nova_database_"+name, help, append(append([]string(nil), databaseLabels...), labels...), nil)
}

var (
	databaseUp   = newDesc("up", "1 while the database answers; it is asked where no query of the last 10 seconds says so.")
	connections  = newDesc("connections", "Connections of the pool: in use, idle, and the most there may be (0: no limit).", "state")
	poolWaits    = newDesc("pool_waits_total", "Queries that waited for a connection.")
	poolWaitTime = newDesc("pool_wait_seconds_total", "Time that queries waited for a connection.")
)

// Describe implements prometheus.Collector.
func (c *databases) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{databaseUp, connections, poolWaits, poolWaitTime} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *databases) Collect(to chan<- prometheus.Metric) {
	for _, s := range c.last().Databases(context.Background()) {
		labels := s.Name.labels()
		gauge := func(d *prometheus.Desc, v float64, more ...string) {
			to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append(labels[:len(labels):len(labels)], more...)...)
		}
		up := 0.0
		if s.Up {
			up = 1
		}
		gauge(databaseUp, up)
		gauge(connections, float64(s.InUse), "in_use")
		gauge(connections, float64(s.Idle), "idle")
		gauge(connections, float64(s.MaxOpenConnections), "max")
		to <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(s.WaitCount), labels...)
		to <- prometheus.MustNewConstMetric(poolWaitTime, prometheus.CounterValue, s.WaitDuration.Seconds(), labels...)
	}
}
