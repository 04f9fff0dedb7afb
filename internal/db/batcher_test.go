package db_test

import (
	"context"
	"errors"
	"slices"
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

// A key that cannot be read fails only its own readers, also when others are read in the same load.
func TestBatcherOneKeyFails(t *testing.T) { synctest.Test(t, testBatcherOneKeyFails) }

func testBatcherOneKeyFails(t *testing.T) {
	first := make(chan struct{})
	broken := errors.New("broken")
	var sizes []int
	g := db.NewBatcher(func(_ context.Context, keys []string) (map[string]string, error) {
		<-first
		sizes = append(sizes, len(keys))
		found := map[string]string{}
		for _, k := range keys {
			if k == "broken" {
				return nil, broken
			}
			found[k] = k
		}
		return found, nil
	})
	var group sync.WaitGroup
	for _, key := range []string{"a", "b", "broken", "c"} {
		group.Go(func() {
			v, _, err := g.Get(t.Context(), key)
			if key == "broken" && !errors.Is(err, broken) || key != "broken" && (v != key || err != nil) {
				t.Errorf("%s: %q %v", key, v, err)
			}
		})
		synctest.Wait()
	}
	close(first)
	group.Wait()
	if !slices.Equal(sizes, []int{1, 3, 1, 1, 1}) {
		t.Errorf("loads of %v keys", sizes)
	}
}
