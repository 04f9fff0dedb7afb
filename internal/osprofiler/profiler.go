package osprofiler

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Driver writes points to where "osprofiler trace show" finds them. The Profiler calls it from one goroutine.
type Driver interface {
	// Notify writes one point. It must end when ctx does.
	Notify(ctx context.Context, p Point) error
	Close() error
}

// Options configure a Profiler.
type Options struct {
	// Service is the name of the application in the paste file.
	Service string
	// Requests is [profiler] trace_requests.
	Requests bool
	// Failed is called when points cannot be written: once, and again after points were written in between.
	Failed func(error)
}

// Profiler sends the points of all traces of a process, in the order in which they were made. Requests do not wait for the
// driver, where they do in Python; if it does not keep up, points are lost.
type Profiler struct {
	o      Options
	driver Driver
	host   string

	points chan Point
	lost   atomic.Bool
	mu     sync.RWMutex // of closing points
	closed bool
	done   chan struct{}
}

const (
	// waiting is the number of points that wait for the driver at most.
	waiting = 4096
	// notifyWithin bounds the time of a driver for one point, and closeWithin that for those which are left at the end.
	notifyWithin, closeWithin = 5 * time.Second, 5 * time.Second
)

// New returns a Profiler, which owns the driver. Close ends it.
func New(o Options, d Driver) *Profiler {
	p := &Profiler{o: o, driver: d, host: hostname(), points: make(chan Point, waiting), done: make(chan struct{})}
	go p.run()
	return p
}

func (p *Profiler) send(point Point) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return
	}
	select {
	case p.points <- point:
	default:
		p.lost.Store(true)
	}
}

func (p *Profiler) run() {
	defer close(p.done)
	failing := false
	for point := range p.points {
		ctx, cancel := context.WithTimeout(context.Background(), notifyWithin)
		err := p.driver.Notify(ctx, point)
		cancel()
		if err == nil && p.lost.Swap(false) {
			err = errLost
		}
		if err != nil && !failing && p.o.Failed != nil {
			p.o.Failed(err)
		}
		failing = err != nil
	}
}

type lostError struct{}

func (lostError) Error() string { return "the driver is too slow, and trace points were lost" }

var errLost error = lostError{}

// Close waits at most five seconds until the remaining points are written, and closes the driver. A nil Profiler may be closed.
func (p *Profiler) Close() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.points)
	}
	p.mu.Unlock()
	select {
	case <-p.done:
	case <-time.After(closeWithin):
	}
	return p.driver.Close()
}

// Scheme returns the name of the driver in a connection_string, which may be without "://".
func Scheme(connection string) string {
	name, _, _ := strings.Cut(connection, "://")
	return name
}
