package hosts_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/rpc"
)

var notImplemented = &rpc.RemoteError{Class: "NotImplementedError", Module: "builtins"}

// placementService is a Placement that knows providers and their aggregates. Its
// requests are recorded, those that read left out.
type placementService struct {
	mu         sync.Mutex
	providers  map[string]string // UUIDs by name
	aggregates map[string][]string
	conflicts  int // how many changes of aggregates are refused yet
	changes    []string
}

func newPlacement(t *testing.T) (*placementService, novatest.Option) {
	t.Helper()
	p := &placementService{providers: map[string]string{}, aggregates: map[string][]string{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return p, novatest.Conf("[placement]\nauth_type = none\nendpoint_override = " + server.URL)
}

func (p *placementService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var body map[string]any
	if r.Method != http.MethodGet {
		_ = json.NewDecoder(r.Body).Decode(&body)
		p.changes = append(p.changes, r.Method+" "+r.URL.Path)
	}
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	w.Header().Set("Content-Type", "application/json")
	switch {
	case len(path) == 1 && r.Method == http.MethodGet:
		list := []map[string]any{}
		for name, uuid := range p.providers {
			if q := r.URL.Query(); q.Get("name") == name || q.Get("in_tree") == uuid {
				list = append(list, map[string]any{"uuid": uuid, "name": name, "generation": 3})
			}
		}
		answer(map[string]any{"resource_providers": list})
	case path[0] == "allocations" && r.Method == http.MethodGet:
		held := map[string]any{"shared": map[string]any{"resources": map[string]int{"DISK_GB": 1}}}
		for _, uuid := range p.providers {
			held[uuid] = map[string]any{"resources": map[string]int{"VCPU": 1}, "generation": 3}
		}
		answer(map[string]any{"allocations": held, "project_id": "p", "user_id": "u", "consumer_generation": 1})
	case path[0] == "allocations":
		w.WriteHeader(http.StatusNoContent)
		if held, _ := body["allocations"].(map[string]any); len(held) != 1 || held["shared"] == nil {
			p.changes = append(p.changes, "not what it held elsewhere")
		}
	case len(path) == 3 && r.Method == http.MethodPut && p.conflicts > 0:
		p.conflicts--
		w.WriteHeader(http.StatusConflict)
	case len(path) == 3 && r.Method == http.MethodPut:
		p.aggregates[path[1]] = nil
		for _, one := range body["aggregates"].([]any) {
			p.aggregates[path[1]] = append(p.aggregates[path[1]], one.(string))
		}
		answer(body)
	case len(path) == 3:
		answer(map[string]any{"aggregates": append([]string{}, p.aggregates[path[1]]...), "resource_provider_generation": 3})
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func TestHostsOverMicroversions(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.ComputeHost("compute-1")
	s.Service("controller", "nova-conductor")
	vm := s.Server(novatest.VM{Project: "demo"})
	admin := s.As("admin")
	admin.Do("GET /os-hosts").Expect(200).JSON(`{"hosts": [{"host_name": "compute-1", "service": "compute", "zone": "nova"}, {"host_name": "controller", "service": "conductor", "zone": "internal"}]}`)
	admin.Do("GET /os-hosts?zone=internal").Expect(200).JSON(`{"hosts": [{"host_name": "controller", "service": "conductor", "zone": "internal"}]}`)
	admin.Do("GET /os-hosts/compute-1").Expect(200).JSON(`{"host": [
		{"resource": {"host": "compute-1", "project": "(total)", "cpu": 8, "memory_mb": 8192, "disk_gb": 100}},
		{"resource": {"host": "compute-1", "project": "(used_now)", "cpu": 1, "memory_mb": 1024, "disk_gb": 10}},
		{"resource": {"host": "compute-1", "project": "(used_max)", "cpu": 1, "memory_mb": 512, "disk_gb": 1}},
		{"resource": {"host": "compute-1", "project": "` + novatest.NameID("project", vm.Project) + `", "cpu": 1, "memory_mb": 512, "disk_gb": 1}}]}`)
	admin.Do("GET /os-hosts/controller").Expect(404).Fault("itemNotFound", "Host 'controller' is not mapped to any cell")
	admin.MV("2.43").Do("GET /os-hosts").Expect(404)
	s.As("demo").Do("GET /os-hosts").Expect(403)
}

func TestHostPower(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.ComputeHost("compute-1")
	admin := s.As("admin")
	s.Answer("compute", "compute-1", map[string]any{"host_power_action": "reboot", "set_host_enabled": "disabled", "host_maintenance_mode": "on_maintenance"})
	s.Messages(func() {
		admin.Do("GET /os-hosts/compute-1/reboot").Expect(200).JSON(`{"host": "compute-1", "power_action": "reboot"}`)
		admin.Do("PUT /os-hosts/compute-1", `{"status": "Disable", "maintenance_mode": "enable"}`).Expect(200).
			JSON(`{"host": "compute-1", "status": "disabled", "maintenance_mode": "on_maintenance"}`)
	}).Expect("call compute.compute-1 host_power_action 6.0 action=reboot",
		"call compute.compute-1 set_host_enabled 6.0 enabled=false",
		"call compute.compute-1 host_maintenance_mode 6.0 host=compute-1 mode=true")
	admin.Do("GET /os-hosts/nope/startup").Expect(404).Fault("itemNotFound", "Host 'nope' is not mapped to any cell")

	s.ComputeHost("compute-2")
	s.Answer("compute", "compute-2", map[string]any{"host_power_action": notImplemented, "set_host_enabled": "broken"})
	admin.Do("GET /os-hosts/compute-2/shutdown").Expect(501).Fault("notImplemented", "The requested functionality is not supported.")
	admin.Do("PUT /os-hosts/compute-2", `{"status": "enable"}`).Expect(400).Fault("badRequest", "broken")
	s.As("demo").Do("GET /os-hosts/compute-1/reboot").Expect(403)
}
