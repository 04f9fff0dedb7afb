// Package metrics counts what an application does, for Prometheus. Labels are
// names that the program or its configuration knows (operations, microversions,
// methods, cells, services), never ids of users' things: the number of series is
// bounded.
//
// A nil *Metrics, and what comes of one, counts nothing: those who count need not
// ask whether anybody looks.
package metrics

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are those of one application. Applications on the same registry, as one
// before and one after a reload, go on with the same series.
type Metrics struct {
	requests *prometheus.CounterVec // operation, version, status
	took     *prometheus.HistogramVec
	inFlight prometheus.Gauge
	messages *prometheus.CounterVec // kind, method, result
	calls    *prometheus.HistogramVec
	service  *prometheus.CounterVec // service, method, status
	waited   *prometheus.HistogramVec
	caches   *prometheus.CounterVec // cache, result
	queries  *prometheus.HistogramVec
	failures *prometheus.CounterVec
	shown    *databases

	mu   sync.Mutex
	mine []*Database
}

// buckets are those of all latencies, in seconds: a token from the cache and an
// indexed row take less than 1 ms, a service that hangs a minute.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// On counts on a registry; nil: nothing is counted.
func On(r prometheus.Registerer) (*Metrics, error) {
	if r == nil {
		return nil, nil
	}
	var errs []error
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return register(r, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nova_" + name, Help: help}, labels), &errs)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		o := prometheus.HistogramOpts{Name: "nova_" + name, Help: help, Buckets: buckets}
		return register(r, prometheus.NewHistogramVec(o, labels), &errs)
	}
	m := &Metrics{
		requests: counter("requests_total", "Requests that were answered, by operation, microversion (of metadata: version) and status.",
			"operation", "version", "status"),
		took:     histogram("request_duration_seconds", "Time from a request's arrival to the end of its answer.", "operation"),
		inFlight: register(r, prometheus.NewGauge(prometheus.GaugeOpts{Name: "nova_requests_in_flight", Help: "Requests under way."}), &errs),
		messages: counter("rpc_messages_total", "Calls, casts and notifications that were sent, by method and result.",
			"kind", "method", "result"),
		calls: histogram("rpc_call_duration_seconds", "Time from a call to its reply.", "method"),
		service: counter("service_requests_total", "Requests to other services, by the group of their options, method and status.",
			"service", "method", "status"),
		waited:   histogram("service_request_duration_seconds", "Time that other services took to answer.", "service"),
		caches:   counter("cache_requests_total", "Look-ups in caches, by result: hit or miss.", "cache", "result"),
		queries:  histogram("database_query_duration_seconds", "Time of queries.", databaseLabels...),
		failures: counter("database_failures_total", "Queries that a database did not answer, for it is away or late.", databaseLabels...),
		shown:    register(r, &databases{}, &errs),
	}
	return m, errors.Join(errs...)
}

// register adds a collector, or gives the one that is there.
func register[C prometheus.Collector](r prometheus.Registerer, c C, errs *[]error) C {
	err := r.Register(c)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := there.ExistingCollector.(C); ok {
			return same
		}
	}
	if err != nil {
		*errs = append(*errs, err)
	}
	return c
}

// Operation is one thing that requests are about.
type Operation struct {
	name    string
	took    prometheus.Observer
	all     *prometheus.CounterVec
	answers sync.Map // answer -> prometheus.Counter
}

type answer struct {
	version string
	status  int
}

// Operation gives the operation of a name, which from then on is visible even if
// nobody asks for it. Its methods are for the one who made it to keep, as finding
// it costs.
func (m *Metrics) Operation(name string) *Operation {
	if m == nil {
		return &Operation{name: name}
	}
	return &Operation{name: name, took: m.took.WithLabelValues(name), all: m.requests}
}

// Name is the operation's.
func (o *Operation) Name() string {
	if o == nil {
		return ""
	}
	return o.name
}

// Answered counts a request. version is one of those that the service has, or "".
func (o *Operation) Answered(version string, status int, took time.Duration) {
	if o == nil || o.all == nil {
		return
	}
	o.took.Observe(took.Seconds())
	key := answer{version, status}
	c, ok := o.answers.Load(key)
	if !ok {
		c, _ = o.answers.LoadOrStore(key, o.all.WithLabelValues(o.name, version, strconv.Itoa(status)))
	}
	c.(prometheus.Counter).Inc()
}

// Begin counts a request as under way, until the function it gives is called.
func (m *Metrics) Begin() {
	if m != nil {
		m.inFlight.Inc()
	}
}

// End is the end of what Begin began.
func (m *Metrics) End() {
	if m != nil {
		m.inFlight.Dec()
	}
}

// Results of messages.
const (
	ResultOK          = "ok"
	ResultRemoteError = "remote_error"
	ResultTimeout     = "timeout"
	ResultUndelivered = "undelivered"
	ResultCanceled    = "canceled"
)

// Message counts a message that was sent. Calls have a latency, too.
func (m *Metrics) Message(kind, method, result string, took time.Duration) {
	if m == nil {
		return
	}
	m.messages.WithLabelValues(kind, method, result).Inc()
	if kind == "call" {
		m.calls.WithLabelValues(method).Observe(took.Seconds())
	}
}

// ServiceCanceled is the status of a request whose answer nobody waits for any
// more.
const ServiceCanceled = -1

// Service counts a request to another service; status 0 is none at all.
func (m *Metrics) Service(service, method string, status int, took time.Duration) {
	if m == nil {
		return
	}
	text := strconv.Itoa(status)
	switch status {
	case 0:
		text = "none"
	case ServiceCanceled:
		text = ResultCanceled
	}
	m.service.WithLabelValues(service, method, text).Inc()
	m.waited.WithLabelValues(service).Observe(took.Seconds())
}

// Cache counts the look-ups of one cache.
type Cache struct{ hits, misses prometheus.Counter }

// Cache gives the counters of a cache.
func (m *Metrics) Cache(name string) *Cache {
	if m == nil {
		return nil
	}
	return &Cache{m.caches.WithLabelValues(name, "hit"), m.caches.WithLabelValues(name, "miss")}
}

// Asked counts a look-up.
func (c *Cache) Asked(hit bool) {
	switch {
	case c == nil:
	case hit:
		c.hits.Inc()
	default:
		c.misses.Inc()
	}
}

// Show makes the databases of this application those that are shown, in the place
// of an earlier one's.
func (m *Metrics) Show() {
	if m != nil {
		m.shown.owner.Store(m)
	}
}

// Database gives the counters of a database. open is the pool of connections.
func (m *Metrics) Database(name DatabaseName, open Pool) *Database {
	if m == nil {
		return nil
	}
	d := &Database{name: name, pool: open, took: m.queries.WithLabelValues(name.labels()...),
		failures: m.failures.WithLabelValues(name.labels()...)}
	m.mu.Lock()
	m.mine = append(m.mine, d)
	m.mu.Unlock()
	return d
}

// Databases tells of the databases of this application, asking those that have had
// no query for a while whether they are there.
func (m *Metrics) Databases(ctx context.Context) []State {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	mine := append([]*Database(nil), m.mine...)
	m.mu.Unlock()
	states := make([]State, len(mine))
	var all sync.WaitGroup
	for i, d := range mine {
		all.Go(func() { states[i] = d.state(ctx) })
	}
	all.Wait()
	return states
}
