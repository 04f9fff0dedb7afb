package db

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/sync/semaphore"

	"github.com/nova-go/nova/internal/objects"
)

// gate bounds how many connections are in use, and how long one is waited for:
// database/sql waits as long as the request.
type gate struct {
	size, overflow int
	wait           time.Duration
	free           *semaphore.Weighted
	waits, waited  atomic.Int64 // how many did, and nanoseconds in all
}

// gate is the one of a pool of these options; nil: there is no limit.
func (o Options) gate() *gate {
	g := &gate{size: 5, overflow: 50, wait: 30 * time.Second}
	if o.MaxPoolSize != nil {
		g.size = *o.MaxPoolSize
	}
	if o.MaxOverflow != nil {
		g.overflow = *o.MaxOverflow
	}
	if o.Wait != nil {
		g.wait = *o.Wait
	}
	if g.size <= 0 || g.overflow < 0 {
		return nil
	}
	g.free = semaphore.NewWeighted(int64(g.most()))
	return g
}

func (g *gate) most() int { return g.size + g.overflow }

// enter waits until what is done on q may take a connection, and answers the gate
// to leave afterwards; a transaction has its connection already. An error is that of ctx, or
// SQLAlchemy's of a pool that is exhausted, which Nova answers with a 500.
func enter(ctx context.Context, q bun.IDB) (*gate, error) {
	d, ok := q.(*DB)
	if !ok || d.gate == nil {
		return nil, nil
	}
	g := d.gate
	if g.free.TryAcquire(1) {
		return g, nil
	}
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, g.wait)
	defer cancel()
	err := g.free.Acquire(waiting, 1)
	g.waits.Add(1)
	g.waited.Add(int64(time.Since(began)))
	switch {
	case err == nil:
		return g, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, &objects.Error{Class: objects.ErrTimeoutError, Cause: err,
		Message: fmt.Sprintf("QueuePool limit of size %d overflow %d reached, connection timed out, timeout %.2f", g.size, g.overflow,
			g.wait.Seconds())}
}

func (g *gate) leave() {
	if g != nil {
		g.free.Release(1)
	}
}

// counting is a pool whose waits are those of its gate.
type counting struct {
	*sql.DB
	gate *gate
}

// Stats implements metrics.Pool.
func (c counting) Stats() sql.DBStats {
	s := c.DB.Stats()
	if c.gate != nil {
		s.WaitCount += c.gate.waits.Load()
		s.WaitDuration += time.Duration(c.gate.waited.Load())
	}
	return s
}
