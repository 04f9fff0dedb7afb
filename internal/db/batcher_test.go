package db_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/nova-go/nova/internal/db"
)

// Five hundred instances that ask at once are read in a few batches, and each is told of itself.
func TestGather(t *testing.T) { synctest.Test(t, testGather) }

func testGather(t *testing.T) {
	all := make(chan struct{}) // closed when everybody waits
	var loads atomic.Int64
	g := db.NewBatcher(func(_ context.Context, keys []string) (map[string]int, error) {
		loads.Add(1)
		<-all
		if len(keys) > 100 {
			t.Errorf("a batch of %d", len(keys))
		}
		found := map[string]int{}
		for _, k := range keys {
			if n, err := strconv.Atoi(k); err == nil {
				found[k] = n
			}
		}
		return found, nil
	})
	var group sync.WaitGroup
	for n := range 500 {
		group.Go(func() {
			if v, found, err := g.Get(t.Context(), strconv.Itoa(n)); v != n || !found || err != nil {
				t.Errorf("%d: %d %t %v", n, v, found, err)
			}
		})
	}
	group.Go(func() {
		if _, found, err := g.Get(t.Context(), "nothing"); found || err != nil {
			t.Errorf("nothing: %t %v", found, err)
		}
	})
	synctest.Wait()
	close(all)
	group.Wait()
	if n := loads.Load(); n > 7 {
		t.Errorf("%d loads", n)
	}
}

// What goes wrong is told to those who wait, and to nobody after them; who goes
// away does not wait.
func TestGatherFails(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for name, fail := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return down },
		"panic": func(context.Context) error { panic("broken") },
	} {
		t.Run(name, func(t *testing.T) {
			failing := true
			g := db.NewBatcher(func(ctx context.Context, keys []string) (map[string]bool, error) {
				if failing {
					failing = false
					return nil, fail(ctx)
				}
				return map[string]bool{keys[0]: true}, nil
			})
			if _, _, err := g.Get(t.Context(), "a"); err == nil {
				t.Error("no error")
			}
			if v, _, err := g.Get(t.Context(), "a"); !v || err != nil {
				t.Errorf("afterwards: %t %v", v, err)
			}
		})
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	late := make(chan struct{})
	defer close(late)
	g := db.NewBatcher(func(context.Context, []string) (map[string]bool, error) { <-late; return nil, nil })
	if _, _, err := g.Get(gone, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
