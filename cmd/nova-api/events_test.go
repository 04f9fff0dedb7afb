package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/novatest/testproc"
)

// eventListeners is the number of clients of BenchmarkEvents.
const eventListeners = 1000

// BenchmarkEvents measures, with an embedded cloud and 1,000 listeners, how long it takes until the last listener sees
// that a server changes, and the memory that each of them takes.
func BenchmarkEvents(b *testing.B) {
	dir := b.TempDir()
	conf := filepath.Join(dir, "quota.conf")
	if err := os.WriteFile(conf, []byte("[quota]\ninstances = -1\ncores = -1\nram = -1\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	address, metrics := testproc.Address(b), testproc.Address(b)
	_, port, _ := net.SplitHostPort(address)
	start(b, address, "--dev", "--state", filepath.Join(dir, "state"), "--port", port, "--metrics", metrics, "--config-file", conf)
	token := devToken(b, address)
	before := memory(b, metrics)
	var streams []*bufio.Reader
	for range eventListeners {
		conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		fmt.Fprintf(conn, "GET /servers/events HTTP/1.1\r\nHost: %s\r\nX-Auth-Token: %s\r\n\r\n", address, token)
		r := bufio.NewReaderSize(conn, 1024)
		await(b, r, "retry:")
		streams = append(streams, r)
	}
	after := memory(b, metrics)
	var latest []time.Duration
	for b.Loop() {
		latest = append(latest, lastSees(b, streams, func() { create(b, address, token, len(latest)) }))
		for _, r := range streams { // the other events of the creation
			for !strings.Contains(await(b, r, "data:"), `"state":"active"`) {
			}
		}
	}
	slices.Sort(latest)
	b.ReportMetric(float64(latest[len(latest)/2].Microseconds())/1000, "ms/change")
	b.ReportMetric((after.used-before.used)/eventListeners/1024, "KiB/listener")
	b.ReportMetric((after.resident-before.resident)/eventListeners/1024, "resident-KiB/listener")
}

// lastSees returns how long after a change the last listener sees it.
func lastSees(b *testing.B, streams []*bufio.Reader, change func()) time.Duration {
	took := make([]time.Duration, len(streams))
	var all sync.WaitGroup
	for i, r := range streams {
		all.Go(func() {
			line := await(b, r, "data:")
			var e struct{ Timestamp time.Time }
			if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data:")), &e); err != nil {
				b.Error(err)
			}
			took[i] = time.Since(e.Timestamp)
		})
	}
	change()
	all.Wait()
	return slices.Max(took)
}

// await reads until a line with a prefix.
func await(t testing.TB, r *bufio.Reader, prefix string) string {
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
func memory(t testing.TB, metrics string) (m memoryUse) {
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

func devToken(t testing.TB, address string) string {
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
func create(t testing.TB, address, token string, n int) {
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
