package quotas_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// limitsOfKeystone stands in for the part of Keystone that has limits.
type limitsOfKeystone struct {
	mu         sync.Mutex
	registered map[string]int
	own        map[string]int
	down       bool
	asked      []string
}

func (k *limitsOfKeystone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked = append(k.asked, r.URL.RequestURI())
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	list := func(limits map[string]int, key string) (all []map[string]any) {
		if r.URL.Query().Get("service_id") != "s" || r.URL.Query().Get("region_id") != "r" {
			return nil
		}
		for name, n := range limits {
			all = append(all, map[string]any{"resource_name": name, key: n})
		}
		return all
	}
	switch {
	case k.down:
		w.WriteHeader(http.StatusInternalServerError)
	case r.URL.Path == "/v3/limits/model":
		answer(map[string]any{"model": map[string]string{"name": "flat"}})
	case r.URL.Path == "/v3/services":
		answer(map[string]any{"services": []any{map[string]string{"id": "s"}}})
	case r.URL.Path == "/v3/regions/r":
		answer(map[string]any{"region": map[string]string{"id": "r"}})
	case r.URL.Path == "/v3/endpoints":
		answer(map[string]any{"endpoints": []any{map[string]string{"id": "e", "service_id": "s", "region_id": "r"}}})
	case r.URL.Path == "/v3/registered_limits":
		answer(map[string]any{"registered_limits": list(k.registered, "default_limit")})
	case r.URL.Path == "/v3/limits":
		answer(map[string]any{"limits": list(k.own, "resource_limit")})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (k *limitsOfKeystone) set(registered map[string]int, name string, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	registered[name] = n
}

// unifiedLimits is a stack whose limits are in a Keystone.
func unifiedLimits(t *testing.T, conf string) (*novatest.Stack, *limitsOfKeystone) {
	t.Helper()
	k := &limitsOfKeystone{own: map[string]int{}, registered: map[string]int{"servers": 2, "class:VCPU": 4, "class:MEMORY_MB": 4096, "class:DISK_GB": 100,
		"server_metadata_items": 1, "server_key_pairs": 1, "server_groups": 1, "server_group_members": 1,
		"server_injected_files": 1, "server_injected_file_content_bytes": 100, "server_injected_file_path_bytes": 20}}
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	s := novatest.New(t, novatest.Conf("[quota]\ndriver = nova.quota.UnifiedLimitsDriver\n"+conf+
		"\n[oslo_limit]\nauth_type = none\nendpoint_override = "+server.URL+"\nendpoint_service_type = compute\nendpoint_region_name = r\n"))
	return s, k
}

// hold has a server of demo hold resources in Placement.
func hold(s *novatest.Stack, vm novatest.VM, resources string) {
	placement, provider := s.As("admin").At("/placement"), vm.UUID
	placement.Do("POST /resource_providers", fmt.Sprintf(`{"name": %q, "uuid": %q}`, provider, provider)).Expect(201)
	placement.Do("PUT /allocations/"+vm.UUID, fmt.Sprintf(`{"allocations": {%q: {"resources": {%s}}}, "project_id": %q, "user_id": %q, "consumer_generation": null}`,
		provider, resources, novatest.NameID("project", "demo"), novatest.NameID("user", "demo"))).Expect(204)
}

func over(resource string, limit, used, delta int) string {
	return fmt.Sprintf("Resource %s is over limit of %d due to current usage %d and delta %d", resource, limit, used, delta)
}

func TestUnifiedLimitsAreShown(t *testing.T) {
	t.Parallel()
	s, k := unifiedLimits(t, "")
	hold(s, s.Server(novatest.VM{Flavor: "2"}), `"VCPU": 1, "MEMORY_MB": 2048, "PCPU": 7`)
	k.set(k.own, "class:VCPU", 9)
	k.set(k.registered, "server_groups", -1)
	demo, admin := s.As("demo").MV("2.57"), s.As("admin").MV("2.57")
	demo.Do("GET /limits").Expect(200).Has(`{"limits": {"absolute": {"maxTotalCores": 9, "totalCoresUsed": 1, "maxTotalInstances": 2, "totalInstancesUsed": 1,
		"maxTotalRAMSize": 4096, "totalRAMUsed": 2048, "maxServerGroups": -1, "maxTotalKeypairs": 1, "totalServerGroupsUsed": 0}}}`)
	project := novatest.NameID("project", "demo")
	path := "/os-quota-sets/" + project
	shown := `"instances": 2, "key_pairs": 1, "metadata_items": 1, "ram": 4096, "server_group_members": 1, "server_groups": -1`
	admin.Do("GET " + path + "?user_id=somebody").Expect(200).JSON(`{"quota_set": {"id": "` + project + `", "cores": 9, ` + shown + `}}`)
	admin.Do("GET " + path + "/defaults").Expect(200).JSON(`{"quota_set": {"id": "` + project + `", "cores": 4, ` + shown + `}}`)
	admin.Do("GET " + path + "/detail").Expect(200).Has(`{"quota_set": {"cores": {"limit": 9, "in_use": 1, "reserved": 0}, "key_pairs": {"limit": 1, "in_use": 0, "reserved": 0}}}`)
	s.As("admin").Do("GET /os-quota-class-sets/any").Expect(200).Has(`{"quota_class_set": {"id": "any", "cores": 4, "security_groups": -1, "injected_file_path_bytes": 20}}`)
	s.Changes(func() { // Keystone has them
		admin.Do("PUT "+path, `{"quota_set": {"cores": 99}}`).Expect(200).JSON(`{"quota_set": {"cores": 9, ` + shown + `}}`)
		admin.Do("PUT /os-quota-class-sets/default", `{"quota_class_set": {"cores": 99}}`).Expect(200).Has(`{"quota_class_set": {"cores": 4}}`)
		admin.Do("DELETE " + path).Expect(202)
	}).Expect()
	if n := strings.Count(strings.Join(k.asked, " "), "/v3/endpoints"); n != 1 {
		t.Errorf("the endpoint was looked up %d times", n)
	}
	k.down = true
	demo.Do("GET /limits").Expect(500).Fault("computeFault", "*<class 'oslo_limit.exception.SessionInitError'>")
	k.down = false
	s.Exec("api", "UPDATE instance_mappings SET queued_for_delete = NULL")
	demo.Do("GET /limits").Expect(200) // what was migrated once stays so
}

func TestUnifiedLimitsOfServers(t *testing.T) {
	t.Parallel()
	s, k := unifiedLimits(t, "")
	demo := s.As("demo").MV("2.37")
	project := novatest.NameID("project", "demo")
	s.Service("compute-1", "nova-compute")
	vm := s.Server(novatest.VM{Flavor: "2"})
	hold(s, vm, `"VCPU": 1, "MEMORY_MB": 2048`)
	refused := func(r *novatest.Response, of, what string) {
		t.Helper()
		r.Expect(403).Fault("forbidden", "Project "+of+" is over a limit for ["+what+"]")
	}
	create := func(more string) *novatest.Response {
		return demo.Do("POST /servers", `{"server": {"name": "x", "imageRef": "`+vm.Image+`", "networks": "none", `+more+`}}`)
	}
	refused(create(`"flavorRef": "1", "min_count": 2, "max_count": 5`), project, over("servers", 2, 1, 2))
	refused(create(`"flavorRef": "4"`), project, over("class:MEMORY_MB", 4096, 2048, 8192)+", "+over("class:VCPU", 4, 1, 4))
	refused(create(`"flavorRef": "1", "metadata": {"a": "1", "b": "2"}`), "None", over("server_metadata_items", 1, 0, 2))
	k.set(k.own, "class:MEMORY_MB", 2048+512)
	if n := len(s.Messages(func() { create(`"flavorRef": "1", "max_count": 3`).Expect(202) }).All); n == 0 { // as many as there may be
		t.Error("nothing was asked of the conductor")
	}
	if n := s.Value("api", "SELECT COUNT(*) FROM build_requests"); n != "1" {
		t.Errorf("%s servers are built, want 1", n)
	}
	k.set(k.registered, "servers", 9)
	// A resize holds both in Placement.
	refused(demo.Do("POST /servers/"+vm.UUID+"/action", `{"resize": {"flavorRef": "3"}}`), project, over("class:MEMORY_MB", 2560, 2048, 4096))
	refused(demo.Do("POST /servers/"+vm.UUID+"/metadata", `{"metadata": {"a": "1", "b": "2"}}`), "None", over("server_metadata_items", 1, 0, 2))
	gone := s.Server(novatest.VM{VMState: "soft-delete", Flavor: "2"})
	refused(demo.Do("POST /servers/"+gone.UUID+"/action", `{"restore": null}`), project, over("class:MEMORY_MB", 2560, 2048, 2048))
	away := s.Server(novatest.VM{VMState: "shelved_offloaded", Host: "-"})
	demo.Do("POST /servers/"+away.UUID+"/action", `{"unshelve": null}`).Expect(202) // nothing is added to what is there
	k.set(k.own, "class:MEMORY_MB", 100)
	away = s.Server(novatest.VM{VMState: "shelved_offloaded", Host: "-"})
	refused(demo.Do("POST /servers/"+away.UUID+"/action", `{"unshelve": null}`), project, over("class:MEMORY_MB", 100, 2048, 0))
	s.As("demo").Do("POST /servers/"+vm.UUID+"/action", `{"createImage": {"name": "i", "metadata": {"a": "1", "b": "2"}}}`).Expect(202) // no limit of images
}

func TestUnifiedLimitsOfTheRest(t *testing.T) {
	t.Parallel()
	s, k := unifiedLimits(t, "")
	demo := s.As("demo").MV("2.64")
	demo.Do("POST /os-keypairs", `{"keypair": {"name": "a", "type": "ssh"}}`).Expect(201)
	demo.Do("POST /os-keypairs", `{"keypair": {"name": "b", "type": "ssh"}}`).Expect(403).Fault("forbidden", "Project None is over a limit for ["+over("server_key_pairs", 1, 1, 1)+"]")
	group := demo.Do("POST /os-server-groups", `{"server_group": {"name": "g", "policy": "affinity"}}`).Expect(200).At("server_group", "id")
	demo.Do("POST /os-server-groups", `{"server_group": {"name": "h", "policy": "affinity"}}`).Expect(403).Fault("forbidden", "Project None is over a limit for ["+over("server_groups", 1, 1, 1)+"]")
	vm := s.Server(novatest.VM{})
	network := demo.At("/network").Do("GET /v2.0/networks?name=private").Expect(200).At("networks", "0", "id")
	create := func(c *novatest.Client, body string) *novatest.Response {
		return c.Do("POST /servers", `{"server": {"name": "x", "imageRef": "`+vm.Image+`", "flavorRef": "1"`+body+`}, "os:scheduler_hints": {"group": "`+group+`"}}`)
	}
	k.set(k.registered, "servers", 9)
	create(demo, `, "networks": "none"`).Expect(202)
	s.Changes(func() {
		create(demo, `, "networks": "none"`).Expect(403).Fault("forbidden", "Project None is over a limit for ["+over("server_group_members", 1, 1, 1)+"]")
	}).Expect()
	file := func(path, contents string) string {
		return `{"path": "` + path + `", "contents": "` + contents + `"}`
	}
	long := strings.Repeat("YWFh", 30)
	old := s.As("demo")
	for files, want := range map[string]string{
		file("/a", "YQ==") + "," + file("/b", "YQ=="): over("server_injected_files", 1, 0, 2),
		file("/"+strings.Repeat("a", 20), long):       over("server_injected_file_path_bytes", 20, 0, 21),
		file("/a", long):                              over("server_injected_file_content_bytes", 100, 0, 120),
	} {
		create(old, `, "networks": [{"uuid": "`+network+`"}], "personality": [`+files+`]`).Expect(403).Fault("forbidden", "Project None is over a limit for ["+want+"]")
	}
	k.down = true
	demo.Do("POST /os-keypairs", `{"keypair": {"name": "b", "type": "ssh"}}`).Expect(500).Fault("computeFault", "*<class 'nova.exception.KeystoneConnectionFailed'>")
}

// TestUnregistered asks for what has no limit in Keystone, which is 0 or none.
func TestUnregistered(t *testing.T) {
	t.Parallel()
	for conf, status := range map[string]int{
		"": 202,
		"unified_limits_resource_list = servers, class:DISK_GB":                                              403,
		"unified_limits_resource_strategy = ignore\nunified_limits_resource_list = class:DISK_GB":            202,
		"unified_limits_resource_strategy = ignore\nunified_limits_resource_list = servers":                  403,
		"unified_limits_resource_strategy = ignore\nunified_limits_resource_list = servers, class:DISK_GB":   202,
		"unified_limits_resource_strategy = require\nunified_limits_resource_list = servers, class:CUSTOM_X": 202,
	} {
		s, k := unifiedLimits(t, conf)
		delete(k.registered, "class:DISK_GB")
		r := s.As("demo").MV("2.37").Do("POST /servers", `{"server": {"name": "x", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "flavorRef": "1", "networks": "none"}}`).Expect(status)
		if status == 403 {
			r.Fault("forbidden", "Project * is over a limit for ["+over("class:DISK_GB", 0, 0, 1)+"]")
		}
	}
}

// TestClassesOfFlavors asks for what flavors take by their extra specs.
func TestClassesOfFlavors(t *testing.T) {
	t.Parallel()
	s, k := unifiedLimits(t, "[workarounds]\nunified_limits_count_pcpu_as_vcpu = true\n[pci]\nalias = { \"vendor_id\": \"10de\", \"product_id\": \"1db6\", \"name\": \"gpu\" }\n"+
		"[filter_scheduler]\npci_in_placement = true")
	for _, name := range []string{"class:PCPU", "class:CUSTOM_GOLD", "class:CUSTOM_PCI_10DE_1DB6", "class:CUSTOM_PMEM_NAMESPACE_SMALL"} {
		k.set(k.registered, name, 0)
	}
	vm := s.Server(novatest.VM{})
	hold(s, vm, `"VCPU": 1, "PCPU": 3, "MEMORY_MB": 512`)
	admin := s.As("admin")
	admin.Do("POST /flavors", `{"flavor": {"id": "dear", "name": "dear", "vcpus": 2, "ram": 64, "disk": 1}}`).Expect(200)
	for specs, want := range map[string]string{
		`{"hw:cpu_policy": "dedicated"}`:                            over("class:PCPU", 0, 3, 2),
		`{"resources:CUSTOM_GOLD": "3"}`:                            over("class:CUSTOM_GOLD", 0, 0, 3) + ", " + over("class:VCPU", 4, 4, 2),
		`{"resources1:CUSTOM_GOLD": "3", "resources:VCPU":"0"}`:     over("class:CUSTOM_GOLD", 0, 0, 3),
		`{"pci_passthrough:alias": "gpu:2", "resources:VCPU": "0"}`: over("class:CUSTOM_PCI_10DE_1DB6", 0, 0, 2),
		`{"hw:pmem": "SMALL", "resources:VCPU": "0"}`:               over("class:CUSTOM_PMEM_NAMESPACE_SMALL", 0, 0, 1),
	} {
		s.Exec("api", "DELETE FROM flavor_extra_specs")
		admin.Do("POST /flavors/dear/os-extra_specs", `{"extra_specs": `+specs+`}`).Expect(200)
		s.As("demo").MV("2.37").Do("POST /servers", `{"server": {"name": "x", "imageRef": "`+vm.Image+`", "flavorRef": "dear", "networks": "none"}}`).
			Expect(403).Fault("forbidden", "Project * is over a limit for ["+want+"]")
	}
}

// TestUsageFromPlacement counts servers by their mappings and what they take in
// Placement, once the mappings are migrated.
func TestUsageFromPlacement(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[quota]\ncount_usage_from_placement = true\ncores = 8\n"))
	vm := s.Server(novatest.VM{Flavor: "3"})
	hold(s, vm, `"VCPU": 4, "PCPU": 3, "MEMORY_MB": 100`)
	project := novatest.NameID("project", "demo")
	s.Exec("api", "UPDATE instance_mappings SET user_id = NULL")
	demo := s.As("demo").MV("2.37")
	demo.Do("GET /limits").Expect(200).Has(`{"limits": {"absolute": {"totalInstancesUsed": 1, "totalCoresUsed": 2, "totalRAMUsed": 4096}}}`)
	s.Exec("api", "UPDATE instance_mappings SET user_id = ?", novatest.NameID("user", "demo"))
	demo.Do("GET /limits").Expect(200).Has(`{"limits": {"absolute": {"totalInstancesUsed": 1, "totalCoresUsed": 7, "totalRAMUsed": 100}}}`)
	create := func() *novatest.Response {
		return demo.Do("POST /servers", `{"server": {"name": "x", "imageRef": "`+vm.Image+`", "flavorRef": "3", "networks": "none"}}`)
	}
	create().Expect(403).Fault("forbidden", "Quota exceeded for cores: Requested 2, but already used 7 of 8 cores")
	// A server of no host counts with its cores when it comes back.
	away := s.Server(novatest.VM{VMState: "shelved_offloaded", Host: "-", Flavor: "3"})
	unshelve := func(status int) *novatest.Response {
		return demo.Do("POST /servers/"+away.UUID+"/action", `{"unshelve": null}`).Expect(status)
	}
	unshelve(403).Fault("forbidden", "Quota exceeded for resources: ['cores']")
	admin := s.As("admin")
	admin.Do("PUT /os-quota-sets/"+project, `{"quota_set": {"cores": 20}}`).Expect(200)
	admin.Do("PUT /os-quota-sets/"+project+"?user_id="+novatest.NameID("user", "demo"), `{"quota_set": {"cores": 8}}`).Expect(200)
	unshelve(403)
	others := s.Server(novatest.VM{Flavor: "3", User: "somebody"})
	s.As("admin").At("/placement").Do("PUT /allocations/"+others.UUID, `{"allocations": {"`+vm.UUID+`": {"resources": {"VCPU": 2}}}, "project_id": "`+project+`", "user_id": "somebody", "consumer_generation": null}`).Expect(204)
	demo.Do("GET /limits").Expect(200).Has(`{"limits": {"absolute": {"totalInstancesUsed": 3, "totalCoresUsed": 9}}}`)
	admin.Do("GET /os-quota-sets/" + project + "/detail?user_id=" + novatest.NameID("user", "demo")).Expect(200).Has(`{"quota_set": {"instances": {"in_use": 2}, "cores": {"in_use": 7}}}`)
	admin.Do("PUT /os-quota-sets/"+project+"?user_id="+novatest.NameID("user", "demo"), `{"quota_set": {"cores": 9}}`).Expect(200)
	unshelve(202)
}
