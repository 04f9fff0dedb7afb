package db

import (
	"context"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

const (
	// probeEvery bounds how often a database is asked whether it answers, however many
	// want to know.
	probeEvery = 500 * time.Millisecond
	// probeWithin is how long it may take to say so.
	probeWithin = 2 * time.Second
)

// probe is the last that is known of whether a database answers.
type probe struct {
	mu   sync.Mutex
	at   time.Time
	err  error
	next chan struct{} // closed when the question that is under way is answered; nil: none is
}

// Answers tells whether the database answers: nil, or why not. What it says is at
// most half a second old, and it says it within some two seconds, or when ctx ends.
func (d *DB) Answers(ctx context.Context) error {
	p := &d.probe
	p.mu.Lock()
	if !p.at.IsZero() && time.Since(p.at) < probeEvery {
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

// ask asks the database once, for all that wait for the answer.
func (d *DB) ask() {
	ctx, cancel := context.WithTimeout(context.Background(), probeWithin)
	defer cancel()
	err := d.ping(ctx)
	p := &d.probe
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.err = time.Now(), err
	close(p.next)
	p.next = nil
}

// ping asks past the pool's own gate: that all connections are in use is no sign
// that the database is away, as long as somebody gets answers.
func (d *DB) ping(ctx context.Context) error {
	began := time.Now()
	var one int
	err := d.DB.DB.QueryRowContext(ctx, "SELECT 1").Scan(&one)
	if err != nil && d.heard.Load() > began.UnixNano() {
		return nil
	}
	return Wrap(err)
}

// answered notes that a database has answered.
func answered(q bun.IDB) {
	if d, ok := q.(*DB); ok {
		d.heard.Store(time.Now().UnixNano())
	}
}
