package db

import (
	"context"
	"strings"
	"sync"
	"time"
)

// overdue is the time after which further reads do not wait for a load: its connection may be dead
// although the database answers again.
const overdue = 2 * time.Second

// maxBatch is the maximum number of keys in one load.
const maxBatch = 100

// Batcher combines concurrent reads of different keys into one load; Coalescer combines reads of
// the same key. When a cloud boots, thousands of instances request their metadata within seconds.
// A single read does not wait. Reads during a load wait for the next one, which is larger the
// busier the database is, but not for a load that takes longer than 2 s.
type Batcher[V any] struct {
	load func(ctx context.Context, keys []string) (map[string]V, error)

	mutex   sync.Mutex
	waiting map[string]*batched[V]
	running bool
	began   time.Time // begin of the newest load
	window  batchWindow
}

// batched is the result for one key. It is valid once done is closed.
type batched[V any] struct {
	done    chan struct{}
	callers int
	value   V
	found   bool
	err     error
}

// NewBatcher returns a Batcher for load, which receives up to 100 keys. A key that is missing in
// the result of load does not exist. A load of several keys that fails is repeated for each of them,
// unless the database does not answer. The context of load has a deadline and is not canceled with
// the context of a caller. Callers share results and must not modify them.
func NewBatcher[V any](load func(context.Context, []string) (map[string]V, error)) *Batcher[V] {
	return &Batcher[V]{load: load, waiting: map[string]*batched[V]{}}
}

// Get returns the value of a key, and whether it exists.
func (g *Batcher[V]) Get(ctx context.Context, key string) (v V, found bool, err error) {
	g.mutex.Lock()
	a := g.waiting[key]
	if a == nil {
		a = &batched[V]{done: make(chan struct{})}
		g.waiting[key] = a
	}
	a.callers++
	g.window.join()
	if !g.running || time.Since(g.began) > overdue {
		g.running, g.began = true, time.Now()
		go g.run(context.WithoutCancel(ctx))
	}
	g.mutex.Unlock()
	select {
	case <-a.done:
		return a.value, a.found, a.err
	case <-ctx.Done():
		return v, false, ctx.Err()
	}
}

// run loads batches until no caller waits.
func (g *Batcher[V]) run(ctx context.Context) {
	var callers int
	var took time.Duration
	for {
		g.mutex.Lock()
		g.window.gather(&g.mutex, callers, took)
		batch, keys := g.next()
		g.mutex.Unlock()
		if len(batch) == 0 {
			return
		}
		start := time.Now()
		values, err := runBounded(ctx, loadTimeout, func(ctx context.Context) (map[string]V, error) { return g.load(ctx, keys) })
		took, callers = time.Since(start), 0
		alone := err != nil && len(keys) > 1 && !Unanswered(err) // one broken row must not fail the others
		for n, a := range batch {
			if alone {
				values, err = runBounded(ctx, loadTimeout, func(ctx context.Context) (map[string]V, error) { return g.load(ctx, keys[n:n+1]) })
			}
			a.value, a.found = values[keys[n]]
			a.err = err
			callers += a.callers
			close(a.done)
		}
	}
}

// next takes the next batch. The caller holds the mutex.
func (g *Batcher[V]) next() (batch []*batched[V], keys []string) {
	for key, a := range g.waiting {
		if len(batch) == maxBatch {
			break
		}
		batch, keys = append(batch, a), append(keys, key)
		delete(g.waiting, key)
		g.window.waiting -= a.callers
	}
	if g.began = time.Now(); len(batch) == 0 {
		g.running, g.window.alone = false, false
	}
	return batch, keys
}

// Batchers has a Batcher for each key, such as a cell, so that a slow database delays only its own
// reads. The zero value is ready to use.
type Batchers[K comparable, V any] struct {
	mutex sync.Mutex
	of    map[K]*Batcher[V]
}

// Of returns the Batcher of a key. The first call for the key creates it with load.
func (b *Batchers[K, V]) Of(key K, load func(context.Context, []string) (map[string]V, error)) *Batcher[V] {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	g := b.of[key]
	if g == nil {
		if b.of == nil {
			b.of = map[K]*Batcher[V]{}
		}
		g = NewBatcher(load)
		b.of[key] = g
	}
	return g
}

// ByUUID returns the rows of a load by their UUIDs in lower case.
func ByUUID[V any](rows []V, uuid func(V) string) map[string]V {
	m := make(map[string]V, len(rows))
	for _, r := range rows {
		m[strings.ToLower(uuid(r))] = r
	}
	return m
}
