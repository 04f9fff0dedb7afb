package db

import (
	"context"
	"sync"
)

// maxBatch are asked for at once.
const maxBatch = 100

// Batcher reads what many ask for at the same time together, where Shared is for many
// who ask for the same: when a cloud boots, thousands of instances ask for their
// metadata within seconds. Who asks alone does not wait; who asks while a batch is
// under way waits for the next, which is the larger the busier the database is.
type Batcher[V any] struct {
	load func(ctx context.Context, keys []string) (map[string]V, error)

	mutex   sync.Mutex
	waiting map[string]*batched[V]
	running bool
}

// batched is what a batch says of one key, once done is closed.
type batched[V any] struct {
	done  chan struct{}
	value V
	found bool
	err   error
}

// NewBatcher is a Batcher over a load of up to 100 keys at once; a key that it leaves
// out is not there. Its context has a deadline, and does not end with a caller's.
func NewBatcher[V any](load func(context.Context, []string) (map[string]V, error)) *Batcher[V] {
	return &Batcher[V]{load: load, waiting: map[string]*batched[V]{}}
}

// Get is the value of a key, and whether there is one.
func (g *Batcher[V]) Get(ctx context.Context, key string) (v V, found bool, err error) {
	g.mutex.Lock()
	a := g.waiting[key]
	if a == nil {
		a = &batched[V]{done: make(chan struct{})}
		g.waiting[key] = a
	}
	if !g.running {
		g.running = true
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

// run reads batches until nobody waits.
func (g *Batcher[V]) run(ctx context.Context) {
	for {
		batch, keys := g.next()
		if len(batch) == 0 {
			return
		}
		values, err := bounded(ctx, loadTimeout, func(ctx context.Context) (map[string]V, error) { return g.load(ctx, keys) })
		for n, a := range batch {
			a.value, a.found = values[keys[n]]
			a.err = err
			close(a.done)
		}
	}
}

func (g *Batcher[V]) next() (batch []*batched[V], keys []string) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for key, a := range g.waiting {
		if len(batch) == maxBatch {
			break
		}
		batch, keys = append(batch, a), append(keys, key)
		delete(g.waiting, key)
	}
	if len(batch) == 0 {
		g.running = false
	}
	return batch, keys
}
