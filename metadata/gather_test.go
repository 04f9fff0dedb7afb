package metadata

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Five hundred instances that ask at once are read in a few batches, and each is told of itself.
func TestGather(t *testing.T) {
	var loads atomic.Int64
	g := newGather(func(_ context.Context, keys []string) (map[string]int, error) {
		loads.Add(1)
		time.Sleep(20 * time.Millisecond)
		if len(keys) > maxBatch {
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
			if v, found, err := g.get(t.Context(), strconv.Itoa(n)); v != n || !found || err != nil {
				t.Errorf("%d: %d %t %v", n, v, found, err)
			}
		})
	}
	group.Go(func() {
		if _, found, err := g.get(t.Context(), "nothing"); found || err != nil {
			t.Errorf("nothing: %t %v", found, err)
		}
	})
	group.Wait()
	if n := loads.Load(); n > 20 {
		t.Errorf("%d loads", n)
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for end := time.Now().Add(5 * time.Second); g.running > 0 && time.Now().Before(end); {
		g.mutex.Unlock()
		time.Sleep(time.Millisecond)
		g.mutex.Lock()
	}
	if g.running != 0 || len(g.waiting) != 0 {
		t.Errorf("%d run, %d wait", g.running, len(g.waiting))
	}
}

// What goes wrong is told to those who wait, and to nobody after them; who goes
// away does not wait.
func TestGatherFails(t *testing.T) {
	down := errors.New("down")
	for name, fail := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return down },
		"panic": func(context.Context) error { panic("broken") },
	} {
		t.Run(name, func(t *testing.T) {
			failing := true
			g := newGather(func(ctx context.Context, keys []string) (map[string]bool, error) {
				if failing {
					failing = false
					return nil, fail(ctx)
				}
				return map[string]bool{keys[0]: true}, nil
			})
			if _, _, err := g.get(t.Context(), "a"); err == nil {
				t.Error("no error")
			}
			if v, _, err := g.get(t.Context(), "a"); !v || err != nil {
				t.Errorf("afterwards: %t %v", v, err)
			}
		})
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	g := newGather(func(context.Context, []string) (map[string]bool, error) { time.Sleep(time.Second); return nil, nil })
	if _, _, err := g.get(gone, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
