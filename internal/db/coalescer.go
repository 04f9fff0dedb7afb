package db

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Coalescer answers questions that are asked at the same time with one load each:
// of a key, at most one load is under way, and one more waits. Unlike a single
// flight that one may join half-way, an answer is never older than its question.
// Answers are shared: they must not be changed. The zero value is ready.
type Coalescer[T any] struct {
	mu   sync.Mutex
	keys map[string]*queue[T]
}

// queue is the load of a key that waits, beside the one that runs.
type queue[T any] struct{ next *flight[T] }

type flight[T any] struct {
	load  func(context.Context) (T, error)
	done  chan struct{}
	value T
	err   error
}

// Do answers the result of a load that starts after the call: its own, or that
// of another call with the same key. The load goes on when its caller leaves.
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
	if !running {
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
	for {
		s.mu.Lock()
		f := q.next
		q.next = nil
		if f == nil {
			delete(s.keys, key)
		}
		s.mu.Unlock()
		if f == nil {
			return
		}
		f.value, f.err = bounded(ctx, loadTimeout, f.load)
		close(f.done)
	}
}

// loadTimeout bounds a shared load: no one caller's patience does.
const loadTimeout = 2 * CellTimeout

// bounded runs f with a deadline. It runs in goroutines of our own, where nobody
// else would catch a panic: that becomes an error, and the process lives.
func bounded[T any](ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (v T, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return f(ctx)
}

// Flight is Shared with one question.
type Flight[T any] struct {
	Load   func(context.Context) (T, error)
	shared Coalescer[T]
}

// Do answers the result of a load that starts after the call.
func (f *Flight[T]) Do(ctx context.Context) (T, error) { return f.shared.Do(ctx, "", f.Load) }
