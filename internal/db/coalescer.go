package db

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Coalescer combines concurrent calls for the same key into one load. At most one load of a key
// runs and one more waits. It begins when the running one ends, or with the first call that is made
// 2 s after the begin of that one. A call never joins a load that has started already, so that its
// result is never older than the call. Callers share results and must not modify them. The zero value
// is ready to use.
type Coalescer[T any] struct {
	mu   sync.Mutex
	keys map[string]*queue[T]
}

// queue has the waiting load of a key; another one is running, or gathers callers.
type queue[T any] struct {
	next   *flight[T]
	began  time.Time // begin of the newest load
	window batchWindow
}

type flight[T any] struct {
	load  func(context.Context) (T, error)
	done  chan struct{}
	value T
	err   error
}

// Do returns the result of a load that starts after the call: its own load, or that of another
// call with the same key. The load continues if ctx ends.
func (s *Coalescer[T]) Do(ctx context.Context, key string, load func(context.Context) (T, error)) (T, error) {
	s.mu.Lock()
	if s.keys == nil {
		s.keys = map[string]*queue[T]{}
	}
	q, running := s.keys[key]
	if !running {
		q = &queue[T]{}
		s.keys[key] = q
	}
	if q.next == nil {
		q.next = &flight[T]{load: load, done: make(chan struct{})}
	}
	f := q.next
	q.window.join()
	if !running || time.Since(q.began) > overdue {
		q.began = time.Now()
		go s.run(context.WithoutCancel(ctx), key, q)
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (s *Coalescer[T]) run(ctx context.Context, key string, q *queue[T]) {
	var callers int
	var took time.Duration
	for {
		s.mu.Lock()
		q.window.gather(&s.mu, callers, took)
		f := q.next
		callers, q.next, q.window.waiting, q.began = q.window.waiting, nil, 0, time.Now()
		if f == nil && s.keys[key] == q {
			delete(s.keys, key)
		}
		s.mu.Unlock()
		if f == nil {
			return
		}
		start := time.Now()
		f.value, f.err = runBounded(ctx, loadTimeout, f.load)
		took = time.Since(start)
		close(f.done)
	}
}

// loadTimeout limits a shared load, which does not end with the context of a caller.
const loadTimeout = 2 * CellTimeout

// runBounded runs f with a deadline. It returns a panic of f as an error: f runs in a goroutine
// of this package, where a panic would end the process.
func runBounded[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (v T, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return f(ctx)
}

// Flight is a Coalescer with a single key.
type Flight[T any] struct {
	Load   func(context.Context) (T, error)
	shared Coalescer[T]
}

// Do returns the result of a load that starts after the call.
func (f *Flight[T]) Do(ctx context.Context) (T, error) { return f.shared.Do(ctx, "", f.Load) }
