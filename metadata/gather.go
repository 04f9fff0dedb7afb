package metadata

import (
	"context"
	"fmt"
	"sync"
)

const (
	// maxBatches are under way at once. Whoever asks while they are waits for the
	// next, which is the larger the busier the database is.
	maxBatches = 2
	maxBatch   = 100
)

// gather reads what many ask for at the same time together: when a cloud boots,
// thousands of instances ask within seconds, each for something else. Who asks
// alone does not wait.
type gather[V any] struct {
	// load reads the values of some keys; a key that is not there has none.
	load func(ctx context.Context, keys []string) (map[string]V, error)

	mutex   sync.Mutex
	waiting map[string]*gathered[V]
	running int
}

// gathered is what a batch says of one key, once done is closed.
type gathered[V any] struct {
	done  chan struct{}
	value V
	found bool
	err   error
}

func newGather[V any](load func(context.Context, []string) (map[string]V, error)) *gather[V] {
	return &gather[V]{load: load, waiting: map[string]*gathered[V]{}}
}

// get is the value of a key, and whether there is one.
func (g *gather[V]) get(ctx context.Context, key string) (v V, found bool, err error) {
	g.mutex.Lock()
	a := g.waiting[key]
	if a == nil {
		a = &gathered[V]{done: make(chan struct{})}
		g.waiting[key] = a
	}
	if g.running < maxBatches {
		g.running++
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
func (g *gather[V]) run(ctx context.Context) {
	for {
		batch, keys := g.next()
		if len(batch) == 0 {
			return
		}
		values, err := g.read(ctx, keys)
		for n, a := range batch {
			a.value, a.found = values[keys[n]]
			a.err = err
			close(a.done)
		}
	}
}

func (g *gather[V]) next() (batch []*gathered[V], keys []string) {
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
		g.running--
	}
	return batch, keys
}

// read keeps a panic to the batch, as a server keeps one to its request.
func (g *gather[V]) read(ctx context.Context, keys []string) (values map[string]V, err error) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading of the database: %v", p)
		}
	}()
	return g.load(ctx, keys)
}
