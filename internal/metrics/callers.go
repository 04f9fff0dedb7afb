package metrics

import (
	"container/heap"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// callersKept is the number of callers that are counted at a time.
	callersKept = 512
	// callersShown is the number of callers in the metric.
	callersShown = 20
	// longestAgent is the number of bytes of a user agent that distinguish callers.
	longestAgent = 120
	// callersPeriod is the length of the periods of the recent counts.
	callersPeriod = 10 * time.Minute
)

// Caller is the sender of requests. Project is the id of a project, "domain:ID" or "system" for
// tokens of other scopes, and "" for requests without a valid token.
type Caller struct{ Project, UserAgent string }

// CallerRequests is the number of requests of a caller. It is at most Excess too high.
type CallerRequests struct {
	Caller
	Requests, Excess uint64
}

// Callers counts requests by caller, in bounded memory: it keeps 512 callers, and a new one takes
// the place of the one with the fewest requests, and its count ("Space-Saving" of Metwally,
// Agrawal and El Abbadi). Each caller with more than a 512th of all requests is among them. It has
// the counts since the process began, and those of the current and the previous ten minutes.
type Callers struct {
	mu                   sync.Mutex
	total, recent, older sketch
	rotated              time.Time
	exposed              bool
}

// CallersOf returns the callers of the applications that use a registry.
func CallersOf(r prometheus.Registerer) (*Callers, error) {
	var errs []error
	c := registered(r, &Callers{}, &errs)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return c, nil
}

// Expose sets whether the callers with the most requests are a metric.
func (c *Callers) Expose(exposed bool) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exposed = exposed
}

// Asked records a request that has ended at a time.
func (c *Callers) Asked(who Caller, at time.Time) {
	if c == nil {
		return
	}
	who.UserAgent = shortened(who.UserAgent)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rotate(at)
	c.total.add(who)
	c.recent.add(who)
}

// rotate begins a new period if the current one has ended.
func (c *Callers) rotate(at time.Time) {
	switch since := at.Sub(c.rotated); {
	case c.rotated.IsZero() || since >= 2*callersPeriod:
		c.recent, c.older, c.rotated = sketch{}, sketch{}, at
	case since >= callersPeriod:
		c.recent, c.older, c.rotated = sketch{}, c.recent, c.rotated.Add(callersPeriod)
	}
}

// Total returns the callers with the most requests since the process began, at most count.
func (c *Callers) Total(count int) []CallerRequests {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return top(count, c.total)
}

// Recent returns the callers with the most requests since the beginning of the previous period,
// at most count, and that beginning, which is zero if there were no requests.
func (c *Callers) Recent(count int, at time.Time) (list []CallerRequests, since time.Time) {
	if c == nil {
		return nil, time.Time{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rotated.IsZero() {
		return nil, time.Time{}
	}
	c.rotate(at)
	since = c.rotated
	if len(c.older.heap) > 0 {
		since = since.Add(-callersPeriod)
	}
	return top(count, c.recent, c.older), since
}

var callerDesc = prometheus.NewDesc("nova_caller_requests_total",
	"Requests of the callers that have sent the most, by project and user agent; series of other callers disappear.",
	[]string{"project", "user_agent"}, nil)

// Describe implements prometheus.Collector.
func (c *Callers) Describe(to chan<- *prometheus.Desc) { to <- callerDesc }

// Collect implements prometheus.Collector.
func (c *Callers) Collect(to chan<- prometheus.Metric) {
	c.mu.Lock()
	exposed := c.exposed
	c.mu.Unlock()
	if !exposed {
		return
	}
	for _, r := range c.Total(callersShown) {
		to <- prometheus.MustNewConstMetric(callerDesc, prometheus.CounterValue, float64(r.Requests), r.Project, r.UserAgent)
	}
}

// shortened bounds a user agent, and replaces bytes that are not UTF-8, which metrics refuse.
func shortened(agent string) string {
	if len(agent) > longestAgent {
		end := longestAgent
		for end > 0 && !utf8.RuneStart(agent[end]) {
			end--
		}
		agent = agent[:end]
	}
	return strings.ToValidUTF8(agent, "\ufffd")
}

// top adds the counts of sketches.
func top(count int, sketches ...sketch) []CallerRequests {
	sums := map[Caller]CallerRequests{}
	for _, s := range sketches {
		for _, e := range s.heap {
			sum := sums[e.Caller]
			sums[e.Caller] = CallerRequests{e.Caller, sum.Requests + e.Requests, sum.Excess + e.Excess}
		}
	}
	list := make([]CallerRequests, 0, len(sums))
	for _, r := range sums {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b CallerRequests) int {
		switch {
		case a.Requests > b.Requests:
			return -1
		case a.Requests < b.Requests:
			return 1
		case a.Project != b.Project:
			return strings.Compare(a.Project, b.Project)
		}
		return strings.Compare(a.UserAgent, b.UserAgent)
	})
	return list[:min(count, len(list))]
}

// counted is a caller in a sketch.
type counted struct {
	CallerRequests
	index int // in the heap
}

// sketch has the counts of one period. Its zero value is empty.
type sketch struct {
	byCaller map[Caller]*counted
	heap     minHeap
}

func (s *sketch) add(who Caller) {
	if s.byCaller == nil {
		s.byCaller = map[Caller]*counted{}
	}
	known, ok := s.byCaller[who]
	if ok {
		known.Requests++
		heap.Fix(&s.heap, known.index)
		return
	}
	who.UserAgent = strings.Clone(who.UserAgent) // without the rest of the headers
	switch {
	case len(s.heap) < callersKept:
		known = &counted{CallerRequests: CallerRequests{who, 1, 0}}
		s.byCaller[who] = known
		heap.Push(&s.heap, known)
	default:
		known = s.heap[0]
		delete(s.byCaller, known.Caller)
		known.CallerRequests = CallerRequests{who, known.Requests + 1, known.Requests}
		s.byCaller[who] = known
		heap.Fix(&s.heap, 0)
	}
}

// minHeap is a heap with the fewest requests at index 0.
type minHeap []*counted

func (h minHeap) Len() int           { return len(h) }
func (h minHeap) Less(i, j int) bool { return h[i].Requests < h[j].Requests }
func (h minHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *minHeap) Push(v any) {
	c := v.(*counted)
	c.index = len(*h)
	*h = append(*h, c)
}

// Pop implements heap.Interface.
func (h *minHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
