//go:build lab

package sites_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/middleware/sites"
)

func labEnv(t *testing.T, name string) string {
	v := os.Getenv(name)
	if v == "" {
		t.Skipf("%s is not set", name)
	}
	return v
}

// TestSAPFilters runs the recorded cases through Python's filters again. It needs LAB_PYTHON,
// LAB_FILTERS (a directory with the packages watcher, rate_limit, auditmiddleware, datadog and
// pyredis) and LAB_REDIS (the address of a Redis).
func TestSAPFilters(t *testing.T) {
	interpreter, packages := labEnv(t, "LAB_PYTHON"), labEnv(t, "LAB_FILTERS")
	labEnv(t, "LAB_REDIS")
	out, err := exec.Command(interpreter, "testdata/sapfilters.py", "testdata/sapfilters.json", packages).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	sapAsPython(t, out)
}

// sharedLimit counts requests with SAP's own backend in Redis.
const sharedLimit = `
import sys, warnings
warnings.simplefilter('ignore')
sys.path.insert(0, sys.argv[1])
from rate_limit import backend, response
host, port = sys.argv[2].split(':')
b = backend.RedisBackend(host, int(port), response.RateLimitExceededResponse(), 0, 10, clock_accuracy=1e6)
key = sys.argv[3]
for i in range(int(sys.argv[4])):
    print('passes' if b.rate_limit(key, 'create', 'servers', '5r/h') is None else 'refused')
`

// TestRedisRatesAreShared: this program and SAP's filter in Python count in the same sets. It
// needs what TestSAPFilters needs.
func TestRedisRatesAreShared(t *testing.T) {
	interpreter, packages, server := labEnv(t, "LAB_PYTHON"), labEnv(t, "LAB_FILTERS"), labEnv(t, "LAB_REDIS")
	project := fmt.Sprintf("shared-%d", time.Now().UnixNano())
	store := sites.NewRedisRates(server, time.Microsecond, 5*time.Second, 2)
	ours := func() int {
		got, err := store.Count(t.Context(), "ratelimit_"+project+"_create_servers", time.Now(), 5, time.Hour, 0)
		if err != nil {
			t.Fatal(err)
		}
		return got.Remaining
	}
	theirs := func(n string) string {
		out, err := exec.Command(interpreter, "-c", sharedLimit, packages, server, project, n).Output()
		if err != nil {
			t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
		}
		return strings.Join(strings.Fields(string(out)), " ")
	}
	if got := ours(); got != 5 {
		t.Errorf("first request: %d remain", got)
	}
	if got := theirs("3"); got != "passes passes passes" {
		t.Errorf("Python: %s", got)
	}
	if got := ours(); got != 1 {
		t.Errorf("fifth request: %d remain", got)
	}
	if got := theirs("1"); got != "refused" {
		t.Errorf("Python, sixth request: %s", got)
	}
	if got := ours(); got != 0 {
		t.Errorf("sixth request: %d remain", got)
	}
}

// TestMemcachedRates counts in a real memcached, LAB_MEMCACHED.
func TestMemcachedRates(t *testing.T) {
	store := sites.NewMemcachedRates(labEnv(t, "LAB_MEMCACHED"), 5*time.Second, 8)
	key := fmt.Sprintf("ratelimit_%d", time.Now().UnixNano())
	var passed atomic.Int32
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if got, err := store.Count(t.Context(), key, time.Now(), 10, time.Hour, 0); err != nil {
				t.Error(err)
			} else if got.Remaining > 0 {
				passed.Add(1)
			}
		})
	}
	if all.Wait(); passed.Load() != 10 {
		t.Errorf("%d of 30 requests pass a limit of 10", passed.Load())
	}
}
