package tree

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// cachedDocument holds a document after its first use. Concurrent first uses build equal documents.
type cachedDocument struct{ p atomic.Pointer[Answer] }

func (c *cachedDocument) get(build func() (Answer, error)) (Answer, error) {
	if a := c.p.Load(); a != nil {
		return *a, nil
	}
	a, err := build()
	if err == nil {
		c.p.Store(&a)
	}
	return a, err
}

// loadTimeout bounds a load of lazy.
const loadTimeout = time.Minute

// lazy holds a value that is loaded once; concurrent requests share one load, and errors are
// not kept. A load continues after its request has ended, because guests give up after some
// seconds and repeat the request.
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
		if r := recover(); r != nil { // a panic in this goroutine would end the process
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
