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

// gate limits how many connections are in use, and how long a query waits for one. The pool of
// database/sql would wait as long as the context of the request.
type gate struct {
	size, overflow int
	wait           time.Duration
	free           *semaphore.Weighted
	waits, waited  atomic.Int64 // number of waits, and their sum in nanoseconds
}

// gate returns the gate of a pool with these options; nil: there is no limit.
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

// enterGate waits until a query on q may take a connection, and returns the gate, whose leave
// must be called afterwards. The gate is nil for a transaction, which has a connection already.
// The error is ctx's, or SQLAlchemy's error for an exhausted pool, which Nova answers with status
// 500.
func enterGate(ctx context.Context, q bun.IDB) (*gate, error) {
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

// gatedPool adds the waits of the gate to the statistics of the pool.
type gatedPool struct {
	*sql.DB
	gate *gate
}

// Stats implements metrics.Pool.
func (c gatedPool) Stats() sql.DBStats {
	s := c.DB.Stats()
	if c.gate != nil {
		s.WaitCount += c.gate.waits.Load()
		s.WaitDuration += time.Duration(c.gate.waited.Load())
	}
	return s
}
