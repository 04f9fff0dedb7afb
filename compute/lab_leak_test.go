//go:build lab

package compute_test

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestLabLeak does many operations (LAB_OPERATIONS of them; 1,000) that read, write, cast
// and call, and counts what the process holds before and after: goroutines and open
// files, which connections and their reply queues are.
func TestLabLeak(t *testing.T) {
	_, ours := labSides(t)
	defer labRoom(t, ours)()
	operations := 1000
	if n, err := strconv.Atoi(os.Getenv("LAB_OPERATIONS")); err == nil {
		operations = n
	}
	t.Cleanup(func() { _ = labDelete(ours) })
	ours.build(labLife[0])

	mix := []chapter{
		{do: "GET /servers/{server}"}, {do: "GET /servers/detail?limit=10"}, {do: "GET /flavors/detail"},
		{do: "POST /servers/{server}/metadata", body: `{"metadata": {"n": "1"}}`},
		{do: "PUT /servers/{server}/tags/t"},
		{do: "action", body: `{"os-getConsoleOutput": {"length": 5}}`},
		{do: "GET /servers/{server}/diagnostics"},
		{do: "POST /os-server-external-events", body: `{"events": [{"name": "network-changed", "server_uuid": "{server}"}]}`},
		{do: "GET /servers/{server}/os-volume_attachments"}, {do: "GET /servers/{server}/os-interface"},
		{do: "GET /os-hypervisors/detail", version: "2.87"}, // asks each host for its uptime
		{do: "GET /limits"}, {do: "GET /servers/00000000-0000-4000-8000-000000000000"},
	}
	work := func(operations int) {
		jobs := make(chan chapter)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for c := range jobs {
					if r := ours.send(c); r.status >= 500 {
						t.Errorf("%s answers %d: %s", c.do, r.status, r.body)
					}
				}
			})
		}
		for n := range operations {
			jobs <- mix[n%len(mix)]
		}
		close(jobs)
		group.Wait()
	}
	work(20 * len(mix)) // pools fill
	goroutines, files := held(t)
	work(operations)
	g, f := held(t)
	t.Logf("%d operations: goroutines %d, then %d; open files %d, then %d", operations, goroutines, g, files, f)
	if g > goroutines+10 || f > files+10 {
		t.Errorf("the process holds more after %d operations than before", operations)
	}
}

// held counts goroutines and open files once both have settled.
func held(t *testing.T) (goroutines, files int) {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	last := ""
	for range 20 {
		time.Sleep(500 * time.Millisecond)
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skipf("cannot count open files here: %v", err)
		}
		goroutines, files = runtime.NumGoroutine(), len(open)
		now := fmt.Sprint(goroutines, files)
		if now == last {
			break
		}
		last = now
	}
	return goroutines, files
}
