package db

import (
	"context"
	"sync"
)

// Flight shares one run of a load among all who ask for it before it starts: at
// most one load is under way, and one more waits. Unlike a single flight that one
// may join half-way, its answer is never older than the question.
type Flight[T any] struct {
	Load func(ctx context.Context) (T, error)

	mu      sync.Mutex
	running bool
	next    *flight[T]
}

type flight[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// Do answers the result of a load that starts after the call.
func (f *Flight[T]) Do(ctx context.Context) (T, error) {
	f.mu.Lock()
	c := f.next
	if c == nil {
		c = &flight[T]{done: make(chan struct{})}
		f.next = c
		if !f.running {
			f.running = true
			go f.run(context.WithoutCancel(ctx))
		}
	}
	f.mu.Unlock()
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (f *Flight[T]) run(ctx context.Context) {
	for {
		f.mu.Lock()
		c := f.next
		f.next = nil
		f.running = c != nil
		f.mu.Unlock()
		if c == nil {
			return
		}
		c.value, c.err = f.Load(ctx)
		close(c.done)
	}
}
