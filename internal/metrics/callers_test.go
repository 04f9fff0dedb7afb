package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nova-go/nova/internal/metrics"
)

var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func callersOn(t *testing.T, r *prometheus.Registry) *metrics.Callers {
	t.Helper()
	c, err := metrics.CallersOf(r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCallersWhoAskMost sends the requests of a few callers among those of very many: their counts are exact within Excess,
// and the memory is bounded. It is not parallel, because it measures the memory of the process.
func TestCallersWhoAskMost(t *testing.T) {
	c := callersOn(t, prometheus.NewRegistry())
	r := rand.New(rand.NewPCG(1, 2))
	sent := map[metrics.Caller]uint64{}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := range 60_000 {
		who := metrics.Caller{Project: fmt.Sprintf("project-%d", n), UserAgent: strings.Repeat("x", 1000)}
		if r.IntN(3) == 0 {
			who = metrics.Caller{Project: fmt.Sprintf("busy-%d", r.IntN(5)), UserAgent: "poller"}
			sent[who]++
		}
		c.Asked(who, began)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	list := c.Total(5)
	for _, r := range list {
		if exact := sent[r.Caller]; exact == 0 || r.Requests < exact || r.Requests-r.Excess > exact {
			t.Errorf("%+v, of which %d were sent", r, exact)
		}
	}
	if len(list) != 5 {
		t.Errorf("got %v", list)
	}
	runtime.KeepAlive(c)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 2<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
}

func TestRecentCallers(t *testing.T) {
	t.Parallel()
	c := callersOn(t, prometheus.NewRegistry())
	if list, since := c.Recent(5, began); list != nil || !since.IsZero() {
		t.Errorf("got %v since %v", list, since)
	}
	early, late := metrics.Caller{"early", "a"}, metrics.Caller{"late", "a"}
	c.Asked(early, began)
	c.Asked(early, began.Add(time.Minute))
	c.Asked(late, began.Add(11*time.Minute))
	if list, since := c.Recent(5, began.Add(12*time.Minute)); len(list) != 2 || list[0].Caller != early || list[0].Requests != 2 || !since.Equal(began) {
		t.Errorf("got %v since %v", list, since)
	}
	if list, _ := c.Recent(5, began.Add(21*time.Minute)); len(list) != 1 || list[0].Caller != late {
		t.Errorf("got %v", list)
	}
	if list, _ := c.Recent(5, began.Add(time.Hour)); len(list) != 0 {
		t.Errorf("got %v", list)
	}
	if list := c.Total(1); len(list) != 1 || list[0].Caller != early || list[0].Requests != 2 {
		t.Errorf("got %v", list)
	}
}

// TestCallersMetric confirms that callers are no metric unless they are exposed, and that all applications of a registry
// count together.
func TestCallersMetric(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	c := callersOn(t, r)
	c.Asked(metrics.Caller{"p", "bad \xff agent"}, began)
	series := func() (list []string) {
		families, err := r.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				list = append(list, fmt.Sprintf("%s %s %s %v", f.GetName(), m.GetLabel()[0].GetValue(), m.GetLabel()[1].GetValue(), m.GetCounter().GetValue()))
			}
		}
		return list
	}
	if got := series(); got != nil {
		t.Errorf("got %v", got)
	}
	callersOn(t, r).Expose(true)
	callersOn(t, r).Asked(metrics.Caller{"p", "bad \xff agent"}, began)
	if got := series(); len(got) != 1 || got[0] != "nova_caller_requests_total p bad \ufffd agent 2" {
		t.Errorf("got %v", got)
	}
}

func BenchmarkCallers(b *testing.B) {
	c, err := metrics.CallersOf(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	who := make([]metrics.Caller, 2000)
	for n := range who {
		who[n] = metrics.Caller{Project: fmt.Sprint(n), UserAgent: "openstacksdk/4.22.0 keystoneauth1/5.11.0 python-requests/2.32.3 CPython/3.11.7"}
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		c.Asked(who[n%len(who)], began)
	}
}
