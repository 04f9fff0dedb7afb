package db

import (
	"context"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

const (
	// probeInterval is the minimum time between two probes of a database.
	probeInterval = 500 * time.Millisecond
	// probeTimeout limits one probe.
	probeTimeout = 2 * time.Second
)

// probe has the result of the last probe of a database.
type probe struct {
	mu   sync.Mutex
	at   time.Time
	err  error
	next chan struct{} // closed when the running probe ends; nil: none is running
}

// Answers returns nil if the database answers, and otherwise why not. The result is at most half
// a second old. It takes at most two seconds, or until ctx ends.
func (d *DB) Answers(ctx context.Context) error {
	p := &d.probe
	p.mu.Lock()
	if !p.at.IsZero() && time.Since(p.at) < probeInterval {
		defer p.mu.Unlock()
		return p.err
	}
	if p.next == nil {
		p.next = make(chan struct{})
		go d.ask()
	}
	next := p.next
	p.mu.Unlock()
	select {
	case <-next:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// ask runs one probe for all goroutines that wait in Answers.
func (d *DB) ask() {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	err := d.ping(ctx)
	p := &d.probe
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.err = time.Now(), err
	close(p.next)
	p.next = nil
}

// ping runs a query without the gate: if all connections are in use but other queries are being
// answered, the database is not down.
func (d *DB) ping(ctx context.Context) error {
	began := time.Now()
	var one int
	err := d.DB.DB.QueryRowContext(ctx, "SELECT 1").Scan(&one)
	if err != nil && d.heard.Load() > began.UnixNano() {
		return nil
	}
	return Wrap(err)
}

// noteAnswer records that the database has answered.
func noteAnswer(q bun.IDB) {
	if d, ok := q.(*DB); ok {
		d.heard.Store(time.Now().UnixNano())
	}
}
