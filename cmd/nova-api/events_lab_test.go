//go:build lab

package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// measuredListeners is the number of clients of TestLabEventsOfMany.
const measuredListeners = 1000

// TestLabEventsOfMany measures, with an embedded cloud and 1,000 listeners, how long it takes until the last listener sees
// that a server changes, and the memory that each of them takes. It needs no lab; it is not one of the other tests because
// its results depend on the machine.
func TestLabEventsOfMany(t *testing.T) {
	address, metrics := testproc.Address(t), testproc.Address(t)
	_, port, _ := net.SplitHostPort(address)
	start(t, address, "--dev", "--state", t.TempDir(), "--port", port, "--metrics", metrics)
	token := devToken(t, address)
	before := memory(t, metrics)
	var streams []*bufio.Reader
	for range measuredListeners {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		fmt.Fprintf(conn, "GET /servers/events HTTP/1.1\r\nHost: %s\r\nX-Auth-Token: %s\r\n\r\n", address, token)
		r := bufio.NewReaderSize(conn, 1024)
		await(t, r, "retry:")
		streams = append(streams, r)
	}
	after := memory(t, metrics)
	var latest []time.Duration
	for n := range 8 { // the quota is 10
		took := make([]time.Duration, len(streams))
		var all sync.WaitGroup
		for i, r := range streams {
			all.Go(func() {
				line := await(t, r, "data:")
				var e struct{ Timestamp time.Time }
				if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data:")), &e); err != nil {
					t.Error(err)
				}
				took[i] = time.Since(e.Timestamp)
			})
		}
		create(t, address, token, n)
		all.Wait()
		for _, r := range streams { // the other events of the creation
			for {
				if line := await(t, r, "data:"); strings.Contains(line, `"state":"active"`) {
					break
				}
			}
		}
		latest = append(latest, slices.Max(took))
	}
	slices.Sort(latest)
	perListener := (after.used - before.used) / measuredListeners
	t.Logf("%d listeners: the last one sees a change after %s (median of %d changes), at most %s; %.1f KiB of memory of Go per listener, "+
		"%.1f KiB of resident memory", measuredListeners, latest[len(latest)/2], len(latest), latest[len(latest)-1], perListener/1024,
		(after.resident-before.resident)/measuredListeners/1024)
	if latest[len(latest)/2] > 200*time.Millisecond || perListener > 40<<10 {
		t.Error("a change should be seen within 200 ms, and a listener take less than 40 KiB")
	}
}

// await reads until a line with a prefix.
func await(t *testing.T, r *bufio.Reader, prefix string) string {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Error(err)
			return ""
		}
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
}

type memoryUse struct{ used, resident float64 }

// memory returns the memory of a process in bytes: that of Go's heap and stacks, garbage included, and the resident one.
func memory(t *testing.T, metrics string) (m memoryUse) {
	t.Helper()
	r, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.ParseFloat(value, 64)
		switch name {
		case "go_memstats_heap_inuse_bytes", "go_memstats_stack_inuse_bytes":
			m.used += n
		case "process_resident_memory_bytes":
			m.resident = n
		}
	}
	return m
}

func devToken(t *testing.T, address string) string {
	t.Helper()
	r, err := http.Post("http://"+address+"/identity/v3/auth/tokens", "application/json", strings.NewReader(
		`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "secret", "domain": {"name": "Default"}}}},
		"scope": {"project": {"name": "demo", "domain": {"name": "Default"}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	return r.Header.Get("X-Subject-Token")
}

// create creates a server.
func create(t *testing.T, address, token string, n int) {
	t.Helper()
	body := fmt.Sprintf(`{"server": {"name": "vm-%d", "flavorRef": "1", "imageRef": %q, "networks": "none"}}`, n, novatest.Image)
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/v2.1/servers", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header = http.Header{"X-Auth-Token": {token}, "Content-Type": {"application/json"}, "Openstack-Api-Version": {"compute 2.37"}}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if text, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusAccepted {
		t.Fatalf("%s %s", r.Status, text)
	}
}
