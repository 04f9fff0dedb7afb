package tree

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// cell holds a document once it is made. Two that make it at once make the same.
type cell struct{ p atomic.Pointer[Answer] }

func (c *cell) get(build func() (Answer, error)) (Answer, error) {
	if a := c.p.Load(); a != nil {
		return *a, nil
	}
	a, err := build()
	if err == nil {
		c.p.Store(&a)
	}
	return a, err
}

// loadTimeout bounds what is loaded late.
const loadTimeout = time.Minute

// lazy holds what is loaded once, by one flight; an error is not kept. The load
// goes on when who asked has gone: guests give up after some seconds and come
// again.
type lazy[T any] struct {
	mu     sync.Mutex
	done   bool
	value  T
	flight *flight[T]
}

type flight[T any] struct {
	done  chan struct{}
	value T
	err   error
}

func (l *lazy[T]) get(ctx context.Context, load func(context.Context) (T, error)) (T, error) {
	l.mu.Lock()
	if l.done {
		defer l.mu.Unlock()
		return l.value, nil
	}
	f := l.flight
	if f == nil {
		f = &flight[T]{done: make(chan struct{})}
		l.flight = f
		go l.run(context.WithoutCancel(ctx), f, load)
	}
	l.mu.Unlock()
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (l *lazy[T]) run(ctx context.Context, f *flight[T], load func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil { // nobody else would catch it in this goroutine
			f.err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
		l.mu.Lock()
		l.flight = nil
		if f.err == nil {
			l.value, l.done = f.value, true
		}
		l.mu.Unlock()
		close(f.done)
	}()
	f.value, f.err = load(ctx)
}
