package db_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nova-go/nova/internal/db"
)

// Clients that poll share nearly every load, whether they read the same key or different ones.
func TestPollersShareLoads(t *testing.T) {
	for name, reader := range map[string]func(loads *atomic.Int64) func(ctx context.Context, client int){
		"Coalescer": func(loads *atomic.Int64) func(context.Context, int) {
			var c db.Coalescer[int]
			return func(ctx context.Context, _ int) {
				_, _ = c.Do(ctx, "", func(context.Context) (int, error) {
					loads.Add(1)
					time.Sleep(4 * time.Millisecond)
					return 0, nil
				})
			}
		},
		"Batcher": func(loads *atomic.Int64) func(context.Context, int) {
			b := db.NewBatcher(func(context.Context, []string) (map[string]int, error) {
				loads.Add(1)
				time.Sleep(4 * time.Millisecond)
				return nil, nil
			})
			return func(ctx context.Context, client int) { _, _, _ = b.Get(ctx, strconv.Itoa(client)) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var loads atomic.Int64
				read := reader(&loads)
				var group sync.WaitGroup
				for client := range 8 {
					group.Go(func() {
						for range 10 {
							read(t.Context(), client)
							time.Sleep(time.Duration(client) * 100 * time.Microsecond) // the client processes its answer
						}
					})
				}
				group.Wait()
				time.Sleep(time.Second) // until no load waits for callers
				if n := loads.Load(); n > 12 {
					t.Errorf("%d loads for 10 reads of each client", n)
				}
			})
		})
	}
}

// A load for callers that do not come back delays the next call by half of its time, once.
func TestLoadWaitsForCallersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c db.Coalescer[int]
		load := func(context.Context) (int, error) {
			time.Sleep(4 * time.Millisecond)
			return 0, nil
		}
		start := time.Now()
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() { _, _ = c.Do(t.Context(), "", load) })
		}
		group.Wait() // one reads, seven share the next load
		if took := time.Since(start); took > 10*time.Millisecond {
			t.Errorf("eight calls took %v", took)
		}
		time.Sleep(time.Second)
		start = time.Now()
		_, _ = c.Do(t.Context(), "", load)
		if took := time.Since(start); took != 4*time.Millisecond {
			t.Errorf("a call alone took %v", took)
		}
	})
}

// A load that hangs, as on a connection that is dead, delays the calls of the next two seconds and no others.
func TestHangingLoadIsOvertaken(t *testing.T) {
	for _, name := range []string{"Coalescer", "Batcher"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var loads atomic.Int64
				load := func(context.Context) (int, error) {
					if loads.Add(1) == 1 {
						time.Sleep(time.Minute)
					}
					return 0, nil
				}
				var c db.Coalescer[int]
				b := db.NewBatcher(func(ctx context.Context, _ []string) (map[string]int, error) {
					_, err := load(ctx)
					return nil, err
				})
				read := func() {
					if name == "Coalescer" {
						_, _ = c.Do(t.Context(), "", load)
					} else {
						_, _, _ = b.Get(t.Context(), "")
					}
				}
				var group sync.WaitGroup
				group.Go(read)
				synctest.Wait()
				group.Go(read) // waits for the load
				time.Sleep(3 * time.Second)
				for range 3 {
					start := time.Now()
					read()
					if took := time.Since(start); took > 10*time.Millisecond {
						t.Errorf("a call waits %v", took)
					}
				}
				group.Wait()
				time.Sleep(time.Second)
				if n := loads.Load(); n > 4 {
					t.Errorf("%d loads", n)
				}
			})
		})
	}
}
