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
	// longFailure is how long a query lasts that fails because the database is silent. A database
	// that refuses connections fails queries at once, so that asking it again costs nothing.
	longFailure = time.Second
	// silenceLife is how long silence is taken for granted without a new probe. Where requests are
	// rare, none fails because of a silence that has ended long ago.
	silenceLife = 5 * time.Second
	// defaultPatience is how long a database that does not answer counts as serving.
	defaultPatience = 30 * time.Second
)

// probe has the result of the last probe of a database.
type probe struct {
	mu   sync.Mutex
	at   time.Time
	err  error
	next chan struct{} // closed when the running probe ends; nil: none is running

	silent error     // of the query that the database did not answer in time; nil: it is not silent
	since  time.Time // when silent was set

	away time.Time // begin of the first of several failed probes in a row; zero: the last one did not fail
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
	d.probeSoon()
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

// Serves is Answers, but returns nil for the first 30 seconds in which a database does not answer, or refuses
// connections. All processes share it: a load balancer that took them all out would fail requests that they
// could serve, until its checks have seen that the database is back.
func (d *DB) Serves(ctx context.Context) error {
	err := d.Answers(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	d.probe.mu.Lock()
	defer d.probe.mu.Unlock()
	if away := d.probe.away; away.IsZero() || time.Since(away) < d.patience {
		return nil
	}
	return err
}

// probeSoon starts a probe if none is running; d.probe is locked.
func (d *DB) probeSoon() {
	if d.probe.next == nil {
		d.probe.next = make(chan struct{})
		go d.ask()
	}
}

// silence returns the error of a query that the database did not answer in time, if it has not
// answered anything since then, and starts the next probe.
func (d *DB) silence() error {
	if d == nil {
		return nil
	}
	p := &d.probe
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent == nil {
		return nil
	}
	known := p.since
	if p.at.After(known) {
		known = p.at
	}
	if d.heard.Load() > p.since.UnixNano() || time.Since(known) > silenceLife {
		p.silent = nil
		return nil
	}
	if time.Since(p.at) >= probeInterval {
		d.probeSoon()
	}
	return p.silent
}

// noteFailure records that a query that began at a time failed with err.
func (d *DB) noteFailure(began time.Time, err error) {
	if d == nil || time.Since(began) < longFailure || d.heard.Load() > began.UnixNano() {
		return
	}
	p := &d.probe
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent, p.since = err, time.Now()
}

// ask runs one probe for all goroutines that wait in Answers.
func (d *DB) ask() {
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	err := d.ping(ctx)
	p := &d.probe
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at, p.err = time.Now(), err; err == nil {
		p.silent = nil
	}
	switch {
	case err == nil:
		p.away = time.Time{}
	case p.away.IsZero():
		p.away = began
	}
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
