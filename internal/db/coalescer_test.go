package db_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nova-go/nova/internal/db"
)

// An answer must come from a load that began after the question, and many
// questions of a moment must share few loads.
func TestSharedIsNeverOlderThanTheQuestion(t *testing.T) {
	t.Parallel()
	var shared db.Coalescer[int64]
	var clock, loads atomic.Int64
	load := func(context.Context) (int64, error) {
		loads.Add(1)
		at := clock.Add(1)
		for range 10 {
			runtime.Gosched() // others ask meanwhile, on however few cores
		}
		return at, nil
	}
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			for range 200 {
				asked := clock.Add(1)
				got, err := shared.Do(context.Background(), "key", load)
				if err != nil || got <= asked {
					t.Errorf("asked at %d, answered from %d: %v", asked, got, err)
					return
				}
			}
		})
	}
	wait.Wait()
	if n := loads.Load(); n == 10000 {
		t.Errorf("10000 questions took %d loads", n)
	}
}

func TestSharedKeepsKeysApart(t *testing.T) {
	t.Parallel()
	var shared db.Coalescer[string]
	var wait sync.WaitGroup
	for _, key := range []string{"a", "b", "c"} {
		for range 20 {
			wait.Go(func() {
				got, err := shared.Do(context.Background(), key, func(context.Context) (string, error) { return key, nil })
				if got != key || err != nil {
					t.Errorf("asked for %s, got %s: %v", key, got, err)
				}
			})
		}
	}
	wait.Wait()
}

// Who leaves does not take the answer from the others.
func TestSharedOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	var shared db.Coalescer[int]
	started, release := make(chan struct{}), make(chan struct{})
	ctx, leave := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() {
		_, err := shared.Do(ctx, "key", func(ctx context.Context) (int, error) {
			close(started)
			<-release
			return 1, ctx.Err()
		})
		first <- err
	}()
	<-started
	second := make(chan int, 1)
	go func() {
		v, _ := shared.Do(context.Background(), "key", func(context.Context) (int, error) { return 2, nil })
		second <- v
	}()
	leave()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	close(release)
	if v := <-second; v != 2 {
		t.Errorf("the other got %d, want its own load's 2", v)
	}
}

// A load that panics fails its question, and no more.
func TestSharedSurvivesAPanic(t *testing.T) {
	t.Parallel()
	var shared db.Coalescer[int]
	if _, err := shared.Do(context.Background(), "key", func(context.Context) (int, error) { panic("lost") }); err == nil {
		t.Error("a load that panicked answered")
	}
	if v, err := shared.Do(context.Background(), "key", func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("after a panic: %d, %v", v, err)
	}
	cells := []*db.Cell{{UUID: "a"}, {UUID: "b"}}
	for _, r := range db.Scatter(context.Background(), cells, func(_ context.Context, c *db.Cell) (int, error) {
		if c.UUID == "b" {
			panic("lost")
		}
		return 1, nil
	}) {
		if (r.Err != nil) != (r.Cell.UUID == "b") {
			t.Errorf("cell %s: %d, %v", r.Cell.UUID, r.Value, r.Err)
		}
	}
}
