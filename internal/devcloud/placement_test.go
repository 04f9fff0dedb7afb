package devcloud_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

// placement answers a request at a microversion of Placement.
func placement(t *testing.T, c *devcloud.Cloud, token, version, method, path, body string, want int) map[string]any {
	t.Helper()
	_, text := send(t, c, token, method, "/placement"+path, body, want, "OpenStack-API-Version: placement "+version)
	out := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestPlacementForClients(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	token := logIn(t, c, "admin", "secret", "admin", 201)
	do := func(version, method, path, body string, want int) map[string]any {
		t.Helper()
		return placement(t, c, token, version, method, path, body, want)
	}
	equal := func(got any, want string) {
		t.Helper()
		if fmt.Sprint(got) != want {
			t.Errorf("%v, not %s", got, want)
		}
	}
	const rp, child, consumer = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002", "aaaaaaaa-0000-4000-8000-000000000003"
	const at = "/resource_providers/" + rp

	for _, kind := range []string{"/traits/", "/resource_classes/"} {
		do("1.7", "PUT", kind+"CUSTOM_A", "", 201)
		do("1.7", "PUT", kind+"CUSTOM_A", "", 204)
		do("1.7", "PUT", kind+"OTHER", "", 400)
		do("1.7", "DELETE", kind+"CUSTOM_A", "", 204)
		do("1.7", "DELETE", kind+"CUSTOM_A", "", 404)
		do("1.7", "GET", kind+"CUSTOM_A", "", 404)
	}
	do("1.7", "DELETE", "/traits/COMPUTE_NODE", "", 400)
	for limit, want := range map[string]int{"": 2, "&limit=1": 1, "&limit=9": 2} {
		if got := do("1.16", "GET", "/allocation_candidates?resources=VCPU:1"+limit, "", 200)["allocation_requests"].([]any); len(got) != want {
			t.Errorf("%s: %v", limit, got)
		}
	}
	do("1.16", "GET", "/allocation_candidates?resources=VCPU:1&limit=0", "", 400)
	do("1.7", "DELETE", "/resource_classes/VCPU", "", 400)
	do("1.2", "POST", "/resource_classes", `{"name": "CUSTOM_B"}`, 201)
	do("1.2", "POST", "/resource_classes", `{"name": "CUSTOM_B"}`, 409)
	equal(do("1.2", "GET", "/resource_classes/VCPU", "", 200)["name"], "VCPU")

	equal(do("1.19", "POST", "/resource_providers", `{"name": "one", "uuid": "`+rp+`"}`, 201), "map[]")
	do("1.20", "PUT", at+"/inventories", `{"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 4, "allocation_ratio": 2.0}, "CUSTOM_B": {"total": 6, "reserved": 1}}}`, 200)
	do("1.2", "DELETE", "/resource_classes/CUSTOM_B", "", 409)
	equal(do("1.20", "GET", at+"/inventories/CUSTOM_B", "", 200), "map[allocation_ratio:1 max_unit:2.147483647e+09 min_unit:1 reserved:1 resource_provider_generation:1 step_size:1 total:6]")
	do("1.20", "GET", at+"/inventories/PCPU", "", 404)
	do("1.20", "PUT", at+"/inventories/PCPU", `{"resource_provider_generation": 1, "total": 8}`, 400)
	do("1.20", "PUT", at+"/inventories/VCPU", `{"resource_provider_generation": 0, "total": 8}`, 409)
	equal(do("1.20", "PUT", at+"/inventories/VCPU", `{"resource_provider_generation": 1, "total": 8}`, 200)["total"], "8")
	equal(do("1.20", "POST", at+"/inventories", `{"resource_class": "PCPU", "resource_provider_generation": 2, "total": 1}`, 201)["resource_provider_generation"], "3")

	do("1.38", "PUT", "/allocations/"+consumer, `{"allocations": {"`+rp+`": {"resources": {"VCPU": 2}}}, "consumer_generation": null, "project_id": "p", "user_id": "u", "consumer_type": "INSTANCE"}`, 204)
	for query, want := range map[string]string{"": "map[INSTANCE:map[VCPU:2 consumer_count:1]]", "&consumer_type=all": "map[all:map[VCPU:2 consumer_count:1]]", "&consumer_type=unknown": "map[]", "&user_id=x": "map[]"} {
		equal(do("1.38", "GET", "/usages?project_id=p"+query, "", 200)["usages"], want)
	}
	equal(do("1.37", "GET", "/usages?project_id=p", "", 200)["usages"], "map[VCPU:2]")
	do("1.38", "GET", "/usages", "", 400)
	equal(do("1.10", "GET", "/allocations/"+consumer, "", 200)["project_id"], "<nil>")
	do("1.20", "DELETE", at+"/inventories/VCPU", "", 409)
	do("1.20", "DELETE", at+"/inventories", "", 409)

	for version, want := range map[string][2]string{
		"1.10": {"map[allocations:[map[resource_provider:map[uuid:" + rp + "] resources:map[CUSTOM_B:5]]]]", "map[resources:map[CUSTOM_B:map[capacity:5 used:0]]]"},
		"1.17": {"map[allocations:map[" + rp + ":map[resources:map[CUSTOM_B:5]]]]", "map[resources:map[CUSTOM_B:map[capacity:5 used:0]] traits:[]]"},
		"1.34": {"map[allocations:map[" + rp + ":map[resources:map[CUSTOM_B:5]]] mappings:map[:[" + rp + "]]]",
			"map[parent_provider_uuid:<nil> resources:map[CUSTOM_B:map[capacity:5 used:0] PCPU:map[capacity:1 used:0] VCPU:map[capacity:8 used:2]] root_provider_uuid:" + rp + " traits:[]]"},
	} {
		out := do(version, "GET", "/allocation_candidates?resources=CUSTOM_B:5", "", 200)
		equal(out["allocation_requests"].([]any)[0], want[0])
		equal(out["provider_summaries"].(map[string]any)[rp], want[1])
	}

	equal(do("1.1", "PUT", at+"/aggregates", `["`+child+`"]`, 200), "map[aggregates:["+child+"]]")
	equal(do("1.1", "GET", at+"/aggregates", "", 200), "map[aggregates:["+child+"]]")
	do("1.19", "PUT", at+"/aggregates", `["`+child+`"]`, 400)
	do("1.19", "PUT", at+"/aggregates", `{"aggregates": [], "resource_provider_generation": 99}`, 409)

	do("1.20", "POST", "/resource_providers", `{"name": "two", "uuid": "`+child+`", "parent_provider_uuid": "`+consumer+`"}`, 400)
	equal(do("1.20", "POST", "/resource_providers", `{"name": "two", "uuid": "`+child+`", "parent_provider_uuid": "`+rp+`"}`, 200)["root_provider_uuid"], rp)
	do("1.37", "DELETE", "/allocations/"+consumer, "", 204)
	do("1.37", "DELETE", at, "", 409)
	do("1.20", "PUT", "/resource_providers/"+child, `{"name": "two", "parent_provider_uuid": null}`, 400)
	equal(do("1.37", "PUT", "/resource_providers/"+child, `{"name": "two", "parent_provider_uuid": null}`, 200)["parent_provider_uuid"], "<nil>")
	do("1.20", "DELETE", at+"/inventories", "", 204)
	equal(do("1.20", "GET", at+"/inventories", "", 200)["inventories"], "map[]")
	do("1.37", "DELETE", at, "", 204)
}
