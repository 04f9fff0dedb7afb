package compute_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/internal/novatest"
)

// series are those of a stack as "name{label=value,…}", with their values; of a
// histogram the number of observations.
func series(t testing.TB, s *novatest.Stack) map[string]float64 {
	t.Helper()
	families, err := s.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			all[f.GetName()+labels(m)] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

func labels(m *dto.Metric) string {
	var pairs []string
	for _, l := range m.GetLabel() {
		if l.GetValue() != "" {
			pairs = append(pairs, l.GetName()+"="+l.GetValue())
		}
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func TestEveryOperationIsVisible(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	all := series(t, s)
	for _, r := range compute.Routes() {
		if _, ok := all["nova_request_duration_seconds{operation="+r.Op+"}"]; !ok {
			t.Errorf("%s (%s) has no metric", r.Op, r.Key())
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	demo := s.As("demo")
	before := series(t, s)
	for range 3 {
		demo.MV("2.90").Do("GET /servers/" + vm.UUID).Expect(200)
	}
	demo.MV("2.1").Do("GET /servers/" + vm.UUID[:8]).Expect(404)
	demo.Do("POST /servers/"+vm.UUID+"/action", `{"reboot": {"type": "SOFT"}}`).Expect(202)
	demo.Do("GET /nothing").Expect(404)
	demo.Do("GET /flavors/detail").Expect(200)
	if r, err := http.Get(s.URL + "/v2.1/servers"); err != nil || r.StatusCode != 401 {
		t.Fatalf("%v %v", r, err)
	}
	after := series(t, s)
	for name, want := range map[string]float64{
		"nova_requests_total{operation=servers.show,status=200,version=2.90}":           3,
		"nova_requests_total{operation=servers.show,status=404,version=2.1}":            1,
		"nova_requests_total{operation=unrouted,status=404}":                            1,
		"nova_requests_total{operation=unrouted,status=401}":                            1,
		"nova_request_duration_seconds{operation=servers.show}":                         4,
		"nova_rpc_messages_total{kind=cast,method=reboot_instance,result=ok}":           1,
		"nova_cache_requests_total{cache=flavors,result=miss}":                          1,
		"nova_requests_in_flight{}":                                                     0,
		"nova_service_requests_total{method=GET,service=keystone_authtoken,status=200}": -1,
		"nova_cache_requests_total{cache=tokens,result=hit}":                            -1,
		"nova_database_query_duration_seconds{cell=" + cell1(t, after) + "}":            -1,
		"nova_database_up{database=api}":                                                -1,
		"nova_database_connections{database=api,state=in_use}":                          0,
		"nova_cache_requests_total{cache=cell_mappings,result=hit}":                     -1,
		"nova_service_request_duration_seconds{service=neutron}":                        -1,
	} {
		name, _, some := strings.Cut(name, "{cell=")
		if some {
			name = "nova_database_query_duration_seconds" + cell1(t, after)
		}
		switch got := after[name] - before[name]; {
		case want < 0 && after[name] == 0:
			t.Errorf("%s is not there", name)
		case want >= 0 && got != want:
			t.Errorf("%s grew by %v, want %v", name, got, want)
		}
	}
	id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{32}|req-`)
	for name := range after {
		if id.MatchString(name) && !strings.HasPrefix(name, "nova_database_") {
			t.Errorf("%s names somebody's thing", name)
		}
	}
}

// cell1 gives the labels of the one cell that is no cell0.
func cell1(t testing.TB, all map[string]float64) string {
	t.Helper()
	for name := range all {
		if l, ok := strings.CutPrefix(name, "nova_database_up"); ok && strings.Contains(l, "cell_name=cell1") {
			return l
		}
	}
	t.Fatal("cell1 is not visible")
	return ""
}

func TestDownCellIsVisible(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Before(func(s *novatest.Stack) { s.DownCell("far") }))
	s.As("admin").Do("GET /servers?all_tenants=1").Expect(200)
	up := map[string]float64{}
	for name, v := range series(t, s) {
		if i := strings.Index(name, "cell_name="); i > 0 && strings.HasPrefix(name, "nova_database_up") {
			cell, _, _ := strings.Cut(name[i+len("cell_name="):], ",")
			up[cell] = v
		}
	}
	if up["cell1}"] == 0 && up["cell1"] == 0 || up["far"] != 0 || up["far}"] != 0 || len(up) < 3 {
		t.Errorf("cells that are up: %v", up)
	}
}

// BenchmarkScrape is the cost of a scrape when each operation has been asked for
// by several microversions and statuses: what a scrape every 15 s takes of a core
// is this by 15 s.
func BenchmarkScrape(b *testing.B) {
	s := novatest.New(b)
	demo := s.As("demo")
	versions := []string{"2.1", "2.26", "2.53", "2.79", "2.96", "2.104"}
	ids := regexp.MustCompile(`\{[a-z_]+\}`)
	var paths []string
	for _, r := range compute.Routes() {
		if path := ids.ReplaceAllString(r.Path, "x"); r.Method == "GET" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	for _, v := range versions {
		for _, p := range paths {
			demo.MV(v).Do("GET " + p)
		}
	}
	h := promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{})
	size := 0
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		size = w.Body.Len()
	}
	b.ReportMetric(float64(size), "bytes")
	b.ReportMetric(float64(len(series(b, s))), "series")
}

// TestCallers counts requests by project and user agent; they are a metric only if an option asks for it.
func TestCallers(t *testing.T) {
	t.Parallel()
	const series = "nova_caller_requests_total{project="
	s := novatest.New(t, novatest.Conf("[wsgi]\ncaller_metrics = true"))
	demo := s.As("demo").Header("User-Agent", "poller/1.0")
	for range 3 {
		demo.Do("GET /servers").Expect(200)
	}
	s.As("").Header("User-Agent", "probe").Do("GET /servers").Expect(401)
	all := seriesOf(t, s, "nova_caller_requests_total")
	for name, want := range map[string]float64{
		series + novatest.NameID("project", "demo") + ",user_agent=poller/1.0}": 3,
		"nova_caller_requests_total{user_agent=probe}":                          1,
	} {
		if all[name] != want {
			t.Errorf("%s is %v; there are %v", name, all[name], all)
		}
	}
	s = novatest.New(t)
	s.As("demo").Do("GET /servers").Expect(200)
	if all := seriesOf(t, s, "nova_caller_requests_total"); len(all) > 0 {
		t.Errorf("got %v", all)
	}
}

// seriesOf returns the series of a metric.
func seriesOf(t *testing.T, s *novatest.Stack, name string) map[string]float64 {
	t.Helper()
	some := map[string]float64{}
	for key, value := range series(t, s) {
		if strings.HasPrefix(key, name) {
			some[key] = value
		}
	}
	return some
}
