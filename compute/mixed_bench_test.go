package compute_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

// BenchmarkMixedLoad simulates the clients of a large cloud in SQLite: programs that poll a server, dashboards that list a page,
// exporters that list all, and creates. A cell has 10,000 hosts. NOVA_BENCH_CELLS and NOVA_BENCH_LATENCY are those of BenchmarkCells.
//
// For each kind of request it reports the median and the 99th percentile of its time, in milliseconds, while four clients for each
// processor send requests without a pause.
func BenchmarkMixedLoad(b *testing.B) {
	novatest.OnSQLite(b)
	for _, size := range cloudSizes(b, "20*150,100*30") {
		s := novatest.New(b, novatest.Cells(size.cells), novatest.Latency(size.latency), novatest.WithCompute(), novatest.Conf("[quota]\ncores = -1\ninstances = -1\nram = -1"))
		fillHosts(s, 10000)
		var servers []string
		for n := 1; n < size.cells; n++ {
			servers = append(servers, fillCell(s, n, size.servers))
		}
		b.Run(fmt.Sprintf("cells=%d/servers=%d/latency=%s", size.cells, size.servers*(size.cells-1), size.latency), func(b *testing.B) {
			mixedLoad(b, s.In(b), servers)
		})
	}
}

// mixedKinds are the kinds of requests of a mixed load, with their weights.
var mixedKinds = []struct {
	name, request string
	weight        int
}{
	{"poll", "GET /servers/%s", 70},
	{"page", "GET /servers/detail?limit=20", 15},
	{"list-all", "GET /servers/detail?all_tenants=1&limit=1000", 3},
	{"hypervisors", "GET /os-hypervisors/detail?limit=1000", 3},
	{"usage", "GET /os-simple-tenant-usage?start=2026-01-01T00:00:00", 4},
	{"create", "POST /servers", 5},
}

func mixedLoad(b *testing.B, s *novatest.Stack, servers []string) {
	admin := s.As("admin").MV("2.87") // later ones ask each host for its uptime
	server := map[string]any{"server": map[string]any{"name": "created", "flavorRef": "1", "imageRef": novatest.Image, "networks": "none"}}
	kinds := []int{}
	for n, kind := range mixedKinds {
		kinds = append(kinds, slices.Repeat([]int{n}, kind.weight)...)
	}
	var mu sync.Mutex
	times := make([][]time.Duration, len(mixedKinds))
	b.SetParallelism(4) // times the number of processors
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			n := kinds[rand.IntN(len(kinds))]
			began := time.Now()
			switch request := mixedKinds[n].request; mixedKinds[n].name {
			case "poll":
				admin.Do(fmt.Sprintf(request, servers[rand.IntN(len(servers))])).Expect(200)
			case "create":
				admin.Do(request, server).Expect(202)
			default:
				admin.Do(request).Expect(200)
			}
			took := time.Since(began)
			mu.Lock()
			times[n] = append(times[n], took)
			mu.Unlock()
		}
	})
	b.StopTimer()
	s.Settle()
	for n, kind := range mixedKinds {
		slices.Sort(times[n])
		if count := len(times[n]); count > 0 {
			b.ReportMetric(float64(times[n][count/2].Microseconds())/1000, kind.name+"-p50-ms")
			b.ReportMetric(float64(times[n][count*99/100].Microseconds())/1000, kind.name+"-p99-ms")
		}
	}
}
