package sites_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/nova-go/nova/internal/memcache/memcachetest"
	"github.com/nova-go/nova/internal/middleware/sites"
)

// rateSteps are counts in a window of 60 s that allows 2 requests, with waits of up to 20 s.
var rateSteps = []struct {
	at   time.Duration
	want string
}{
	{0, "2 0s false"}, {time.Second, "1 0s false"},
	{2 * time.Second, "0 58s false"}, // too long a wait: does not count
	{45 * time.Second, "0 15s true"}, // counts at 60 s
	{45 * time.Second, "0 15s true"}, // counts at 60 s, too
	{45 * time.Second, "0 15s false"},
	{60 * time.Second, "0 1s true"}, // counts at 61 s, beside two at 60 s and that of 1 s
	{62 * time.Second, "0 58s false"},
	{119 * time.Second, "0 1s true"},
	{121 * time.Second, "1 0s false"},
	{500 * time.Second, "2 0s false"},
}

func countAll(t *testing.T, name string, store sites.RateStore) {
	t.Helper()
	start := time.UnixMicro(1800000000000000)
	for i, step := range rateSteps {
		got, err := store.Count(context.Background(), "ratelimit_p1_create_servers", start.Add(step.at), 2, time.Minute, 20*time.Second)
		if text := fmt.Sprintf("%d %v %t", got.Remaining, got.After, got.Wait); err != nil || text != step.want {
			t.Errorf("%s, step %d at %v: %s (%v), not %s", name, i, step.at, text, err, step.want)
		}
	}
	if got, err := store.Count(context.Background(), "other", start, 2, time.Minute, 0); err != nil || got.Remaining != 2 {
		t.Errorf("%s: another key: %+v %v", name, got, err)
	}
	// Requests of the same time count one by one.
	for i, want := range []int{3, 2, 1, 0} {
		if got, err := store.Count(context.Background(), "same", start, 3, time.Second, 0); err != nil || got.Remaining != want {
			t.Errorf("%s: request %d of the same time: %+v %v", name, i, got, err)
		}
	}
}

func TestRateStores(t *testing.T) {
	t.Parallel()
	countAll(t, "memory", sites.NewMemoryRates())
	cache := memcachetest.New(t)
	countAll(t, "memcached", sites.NewMemcachedRates(cache.Addr().String(), 5*time.Second, 2))
	cache = memcachetest.New(t)
	cache.Others = 3
	countAll(t, "memcached with others", sites.NewMemcachedRates(cache.Addr().String(), 5*time.Second, 2))
	server := miniredis.RunT(t)
	countAll(t, "redis", sites.NewRedisRates(server.Addr(), time.Microsecond, 5*time.Second, 2))
	if left := server.TTL("ratelimit_p1_create_servers"); left <= time.Minute || left > 2*time.Minute {
		t.Errorf("the set expires after %v", left)
	}
	address := server.Addr()
	server.Close()
	store := sites.NewRedisRates(address, time.Microsecond, 5*time.Second, 2)
	if _, err := store.Count(context.Background(), "k", time.Now(), 1, time.Minute, 0); err == nil {
		t.Error("no error without a server")
	}
}
