//go:build unix

package costfuzz

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/devcloud/guests"
	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/metadata"
)

var (
	searchFor = flag.Duration("cost.time", 0, "search for requests that cost much for so long")
	seed      = flag.Uint64("cost.seed", 0, "seed of the search; 0: the time")
)

// The maximum cost of a request.
const (
	maxTime  = 2 * time.Second
	maxAlloc = 100 << 20
)

// cost is the consumption of the process during a request: processor time, and the total of
// allocated bytes, which is more than the memory in use.
type cost struct {
	Time  time.Duration
	Bytes uint64
}

func (c cost) String() string {
	return fmt.Sprintf("%.2f s, %d MB", c.Time.Seconds(), c.Bytes>>20)
}

func (c cost) tooMuch() bool { return c.Time > maxTime || c.Bytes > maxAlloc }

// consumption returns the consumption of the process so far.
func consumption() cost {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return cost{time.Duration(u.Utime.Nano() + u.Stime.Nano()), s[0].Value.Uint64()}
}

// cloud is both applications, which receive the requests.
type cloud struct {
	stack    *novatest.Stack
	nova     string // addresses
	metadata string
	token    string
	server   string
	client   *http.Client
}

// configuration enables the features that cost processor time.
const configuration = `[cors]
allowed_origin = https://dashboard.example,https://other.example
[oslo_middleware]
enable_proxy_headers_parsing = true
[api]
use_forwarded_for = true
`

func newCloud(t *testing.T) *cloud {
	t.Helper()
	s := novatest.New(t, novatest.Conf(configuration), novatest.WithCompute())
	c := &cloud{stack: s, nova: strings.TrimPrefix(s.URL, "http://"),
		client: &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{}}}
	for range 20 {
		c.server = s.Server(novatest.VM{Name: "web"}).UUID
	}
	r := s.As("").At("").Do("POST /identity/v3/auth/tokens", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin", "password": "secret", "domain": {"id": "default"}}}},
		"scope": {"project": {"name": "demo", "domain": {"id": "default"}}}}}`).Expect(201)
	c.token = r.Header.Get("X-Subject-Token")
	quiet := zerolog.Nop()
	mc, err := guests.ReadConfig(s.State, config.Sources{Prog: metadata.Prog, Files: []string{filepath.Join(s.State, "test.conf")}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := metadata.New(t.Context(), metadata.Options{Config: mc, Log: &quiet})
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := guests.Handler(mc, m)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(proxy)
	t.Cleanup(h.Close)
	c.metadata = strings.TrimPrefix(h.URL, "http://")
	return c
}

// placeholders replaces the placeholders in samples by ids of existing resources.
func (c *cloud) placeholders() *strings.Replacer {
	return strings.NewReplacer("SERVER", c.server, "IMAGE", novatest.NameID("image", "cirros"), "NETWORK",
		novatest.NameID("network", "private"))
}

// send sends a request and measures its cost; the status is 0 without an answer.
func (c *cloud) send(q request) (cost, int, error) {
	host := c.nova
	if strings.HasPrefix(q.Path, "/"+c.server) {
		host = c.metadata
	}
	hr, err := http.NewRequestWithContext(context.Background(), q.Method, "http://"+host+"/", bytes.NewReader([]byte(q.Body)))
	if err != nil {
		return cost{}, 0, err
	}
	path, query, _ := strings.Cut(q.Path, "?")
	hr.URL = &url.URL{Scheme: "http", Host: host, Opaque: path, RawQuery: query}
	hr.Header.Set("X-Auth-Token", c.token)
	if q.Version != "" {
		hr.Header.Set("X-OpenStack-Nova-API-Version", q.Version)
	}
	if q.Body != "" {
		hr.Header.Set("Content-Type", "application/json")
	}
	for _, h := range q.Header {
		hr.Header.Add(h[0], h[1])
	}
	before := consumption()
	r, err := c.client.Do(hr)
	if err != nil {
		return cost{}, 0, err
	}
	_, err = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	after := consumption()
	return cost{after.Time - before.Time, after.Bytes - before.Bytes}, r.StatusCode, err
}

// leastCost repeats a request and returns the lowest cost, because other processes use the machine,
// and one-time initialisation is not part of a request's cost.
func (c *cloud) leastCost(q request) (least cost, status int) {
	for n := range 3 {
		got, s, err := c.send(q)
		if err != nil {
			return got, 0
		}
		if status = s; n == 0 {
			least = got
		}
		least = cost{min(least.Time, got.Time), min(least.Bytes, got.Bytes)}
		if !least.tooMuch() && n > 0 {
			return least, status
		}
	}
	return least, status
}

// Search sends random requests for the operations of rows, and fails for those that cost too
// much. At the end it logs the most expensive request of each operation.
func Search(t *testing.T, rows []api.Route) {
	t.Helper()
	if *searchFor == 0 {
		t.Skip("-cost.time says for how long to search")
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", *seed)
	r := rand.New(rand.NewPCG(*seed, 1))
	end := time.Now().Add(*searchFor)
	worst, failed := map[string]cost{}, map[string]bool{}
	sent, refused := 0, 0
	for round := 0; time.Now().Before(end); round++ {
		begun := false
		t.Run(fmt.Sprintf("cloud%d", round), func(t *testing.T) {
			c := newCloud(t)
			list, keys := targets(t, rows, c.placeholders())
			begun = true
			for n := 0; n < 3000 && time.Now().Before(end); n++ {
				q := random(r, list, keys)
				if r.IntN(15) == 0 {
					q = c.guests(r)
				}
				got, status, err := c.send(q)
				sent++
				if err != nil {
					if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
						t.Errorf("two minutes: %s", q)
					}
					refused++
					continue
				}
				if at := q.Method + " " + q.Name[:strings.IndexByte(q.Name+" ", ' ')]; status == 500 && !failed[at] {
					failed[at] = true
					fmt.Printf("%d: %s\n", status, q)
				}
				key := requestKind(q)
				if got.Time < 300*time.Millisecond && got.Bytes < 30<<20 || got.Time < worst[key].Time*3/2 && got.Bytes < worst[key].Bytes*3/2 {
					continue
				}
				least, status := c.leastCost(q)
				worst[key] = least
				if least.Time > 300*time.Millisecond || least.Bytes > 30<<20 {
					fmt.Printf("%s %s: %d for %s\n", time.Now().Format("15:04:05"), least, status, q)
				}
				if least.tooMuch() {
					t.Errorf("%s: %s: %d", least, q, status)
				}
			}
		})
		if !begun {
			break // the cloud cannot be created
		}
	}
	fmt.Printf("%d requests, %d not answered\n", sent, refused)
	costs := slices.SortedFunc(func(yield func(string) bool) {
		for k := range worst {
			if !yield(k) {
				return
			}
		}
	}, func(a, b string) int { return int(worst[b].Time - worst[a].Time) })
	for _, k := range costs[:min(len(costs), 40)] {
		fmt.Printf("%s: %s\n", worst[k], k)
	}
}

// requestKind identifies requests of the same operation in the log.
func requestKind(q request) string { return q.Method + " " + q.Name }

// guests returns a random request to the metadata service.
func (c *cloud) guests(r *rand.Rand) request {
	q := request{Name: "metadata", Method: pick(r, []string{"GET", "GET", "POST"}), Path: "/" + c.server + pick(r, []string{"/",
		"/latest/meta-data/", "/openstack/latest/meta_data.json", "/openstack/latest/password", "/latest/user-data",
		"/openstack/latest/vendor_data2.json"})}
	switch r.IntN(3) {
	case 0:
		return withLongHeaders(r, q)
	case 1:
		return withLongPath(r, q)
	}
	if q.Method == "POST" {
		q.Body = pick(r, valueShapes).make(maxBody)
		q.Name += " body"
		return q
	}
	return withLongQuery(r, q, []string{"a", "name"})
}
