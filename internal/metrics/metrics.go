// Package metrics records an application's activity for Prometheus. Labels are names from the
// program or its configuration (operations, microversions, methods, cells, services), never ids
// of resources, so that the number of series is bounded; for [Callers] it is bounded otherwise.
//
// A nil *Metrics, and every nil value that its methods return, records nothing, so that callers
// need not check for nil.
package metrics

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the metrics of one application. Applications that use the same registry, such as
// those before and after a reload, continue the same series.
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
	serves   *prometheus.GaugeVec // release
	callers  *Callers
	events   prometheus.Gauge // listeners

	inventory *Inventory

	mu   sync.Mutex
	mine []*Database
}

// buckets are the buckets of all histograms of durations, in seconds. A cached token or an
// indexed row takes less than 1 ms, a request to a hanging service up to a minute.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// On registers the metrics; it returns nil for a nil registry.
func On(r prometheus.Registerer) (*Metrics, error) {
	if r == nil {
		return nil, nil
	}
	var errs []error
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return registered(r, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nova_" + name, Help: help}, labels), &errs)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		o := prometheus.HistogramOpts{Name: "nova_" + name, Help: help, Buckets: buckets}
		return registered(r, prometheus.NewHistogramVec(o, labels), &errs)
	}
	m := &Metrics{
		requests: counter("requests_total", "Requests that were answered, by operation, microversion (of metadata: version) and status.",
			"operation", "version", "status"),
		took:     histogram("request_duration_seconds", "Time from a request's arrival to the end of its answer.", "operation"),
		inFlight: registered(r, prometheus.NewGauge(prometheus.GaugeOpts{Name: "nova_requests_in_flight", Help: "Requests under way."}), &errs),
		messages: counter("rpc_messages_total", "Calls, casts and notifications that were sent, by method and result.",
			"kind", "method", "result"),
		calls: histogram("rpc_call_duration_seconds", "Time from a call to its reply.", "method"),
		service: counter("service_requests_total", "Requests to other services, by the group of their options, method and status.",
			"service", "method", "status"),
		waited:   histogram("service_request_duration_seconds", "Time that other services took to answer.", "service"),
		caches:   counter("cache_requests_total", "Look-ups in caches, by result: hit or miss.", "cache", "result"),
		queries:  histogram("database_query_duration_seconds", "Time of queries.", databaseLabels...),
		failures: counter("database_failures_total", "Queries that a database did not answer, for it is away or late.", databaseLabels...),
		shown:    registered(r, &databases{}, &errs),
		serves: registered(r, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "nova_serving_info",
			Help: "1 for the release of Nova that the application serves as."}, []string{"release"}), &errs),
		callers: registered(r, &Callers{}, &errs),
		events: registered(r, prometheus.NewGauge(prometheus.GaugeOpts{Name: "nova_events_listeners",
			Help: "Clients that wait for events of servers."}), &errs),
		inventory: registered(r, &Inventory{}, &errs),
	}
	return m, errors.Join(errs...)
}

// Listening adds n to the number of clients that wait for events.
func (m *Metrics) Listening(n int) {
	if m != nil {
		m.events.Add(float64(n))
	}
}

// registered registers a collector, or returns the registered one.
func registered[C prometheus.Collector](r prometheus.Registerer, c C, errs *[]error) C {
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

// Operation records the requests of one operation.
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

// Operation returns the operation with a name, whose series exist from then on. Callers should
// keep it, because the lookup is expensive.
func (m *Metrics) Operation(name string) *Operation {
	if m == nil {
		return &Operation{name: name}
	}
	return &Operation{name: name, took: m.took.WithLabelValues(name), all: m.requests}
}

// Name returns the name of the operation.
func (o *Operation) Name() string {
	if o == nil {
		return ""
	}
	return o.name
}

// Answered records an answered request. version is one of the service's versions, or "".
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

// Callers returns the counts of requests by caller; nil for nil.
func (m *Metrics) Callers() *Callers {
	if m == nil {
		return nil
	}
	return m.callers
}

// Begin adds a request to those in progress; End removes it.
func (m *Metrics) Begin() {
	if m != nil {
		m.inFlight.Inc()
	}
}

// End removes a request from those in progress.
func (m *Metrics) End() {
	if m != nil {
		m.inFlight.Dec()
	}
}

// Results of RPC messages.
const (
	ResultOK          = "ok"
	ResultRemoteError = "remote_error"
	ResultTimeout     = "timeout"
	ResultUndelivered = "undelivered"
	ResultCanceled    = "canceled"
)

// Message records a sent message, and the duration of a call.
func (m *Metrics) Message(kind, method, result string, took time.Duration) {
	if m == nil {
		return
	}
	m.messages.WithLabelValues(kind, method, result).Inc()
	if kind == "call" {
		m.calls.WithLabelValues(method).Observe(took.Seconds())
	}
}

// ServiceCanceled is the status of a request to a service that was cancelled before its answer.
const ServiceCanceled = -1

// Service records a request to another service; status 0 means no answer.
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

// Cache records the lookups of one cache.
type Cache struct{ hits, misses prometheus.Counter }

// Cache returns the counters of a cache.
func (m *Metrics) Cache(name string) *Cache {
	if m == nil {
		return nil
	}
	return &Cache{m.caches.WithLabelValues(name, "hit"), m.caches.WithLabelValues(name, "miss")}
}

// Asked records a lookup.
func (c *Cache) Asked(hit bool) {
	switch {
	case c == nil:
	case hit:
		c.hits.Inc()
	default:
		c.misses.Inc()
	}
}

// Show makes the databases of this application the collected ones, instead of those of an
// earlier application, until hide is called.
func (m *Metrics) Show() (hide func()) {
	if m == nil {
		return func() {}
	}
	m.shown.show(m)
	return func() { m.shown.hide(m) }
}

// Serves records the version of the release that the application serves as: "34.0.0".
func (m *Metrics) Serves(version string) {
	if m != nil {
		m.serves.Reset()
		m.serves.WithLabelValues(version).Set(1)
	}
}

// Database returns the recorder of a database. open is its connection pool.
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

// Databases returns the states of the databases of this application. It sends a query to
// databases without a recent one.
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
