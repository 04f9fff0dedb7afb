package identity_test

import (
	"fmt"
	"strings"
	"testing"
)

// catalogOf returns the endpoints of a type in a catalog: "interface region url", one a line.
func catalogOf(out map[string]any, kind string) string {
	var lines []string
	for _, s := range out["catalog"].([]any) {
		if s := s.(map[string]any); s["type"] == kind {
			for _, e := range s["endpoints"].([]any) {
				e := e.(map[string]any)
				lines = append(lines, fmt.Sprint(e["interface"], " ", e["region_id"], " ", e["url"]))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// TestCatalogChanges has the results of Keystone 2026.2 for the same requests.
func TestCatalogChanges(t *testing.T) {
	t.Parallel()
	do, made := keystone(t)
	catalog := func(kind, want string) {
		t.Helper()
		if got := catalogOf(do("GET", "/auth/catalog", "", 200), kind); got != want {
			t.Errorf("the catalog of %s is %q, not %q", kind, got, want)
		}
	}
	service := made("service", `{"type": "dns", "description": "d"}`)
	if d := onlyOne(t, do("GET", "/services/"+service, "", 200), "service"); d["name"] != "" || d["enabled"] != true || d["description"] != "d" {
		t.Errorf("the service is %v", d)
	}
	for _, bad := range []string{`{"name": "n"}`, `{"type": ""}`, `{}`} {
		do("POST", "/services", `{"service": `+bad+`}`, 400)
	}
	endpoint := func(fields string) string { return fmt.Sprintf(`{"service_id": %q, %s}`, service, fields) }
	public := made("endpoint", endpoint(`"interface": "public", "url": "http://x/%(tenant_id)s", "region_id": "RegionOne"`))
	made("endpoint", endpoint(`"interface": "internal", "url": "http://y", "region": "far"`))
	for _, bad := range []string{`"interface": "public"`, `"interface": "x", "url": "http://x"`, `"interface": "public", "url": "x"`,
		`"interface": "public", "url": "http://%(foo)s"`, `"interface": "public", "url": "http://x", "region_id": "nope"`} {
		do("POST", "/endpoints", `{"endpoint": `+endpoint(bad)+`}`, 400)
	}
	do("POST", "/endpoints", `{"endpoint": {"service_id": "nope", "interface": "public", "url": "http://x"}}`, 400)
	admin := ids(do("GET", "/projects?name=admin", "", 200), "projects")[0]
	catalog("dns", "public RegionOne http://x/"+admin+"\ninternal far http://y")
	do("DELETE", "/regions/far", "", 403)

	do("PATCH", "/endpoints/"+public, `{"endpoint": {"enabled": false}}`, 200)
	catalog("dns", "internal far http://y")
	do("PATCH", "/services/"+service, `{"service": {"enabled": false}}`, 200)
	catalog("dns", "")
	do("DELETE", "/services/"+service, "", 204)
	do("DELETE", "/services/"+service, "", 404)
	do("GET", "/endpoints/"+public, "", 404)
	do("DELETE", "/regions/far", "", 204)

	// The services of the cloud can be changed too.
	for _, id := range ids(do("GET", "/endpoints?interface=admin", "", 200), "endpoints") {
		do("DELETE", "/endpoints/"+id, "", 204)
	}
	glance := ids(do("GET", "/services?type=image", "", 200), "services")[0]
	image := ids(do("GET", "/endpoints?interface=public&service_id="+glance, "", 200), "endpoints")[0]
	do("PATCH", "/endpoints/"+image, `{"endpoint": {"url": "http://proxy/image"}}`, 200)
	if got := catalogOf(do("GET", "/auth/catalog", "", 200), "image"); !strings.HasPrefix(got, "public RegionOne http://proxy/image\ninternal") ||
		strings.Contains(got, "admin") {
		t.Error(got)
	}
}

// TestEndpointGroups has the results of Keystone 2026.2 for the same requests.
func TestEndpointGroups(t *testing.T) {
	t.Parallel()
	do, made := keystone(t)
	const filter = "/OS-EP-FILTER"
	nova := ids(do("GET", "/services?type=compute", "", 200), "services")[0]
	for _, bad := range []string{`{"name": "g"}`, `{"filters": {}}`, `{"name": "g", "filters": {"x": 1}}`} {
		do("POST", filter+"/endpoint_groups", `{"endpoint_group": `+bad+`}`, 400)
	}
	out := do("POST", filter+"/endpoint_groups", `{"endpoint_group": {"name": "g", "filters": {"interface": "public", "service_id": "`+nova+`"}}}`, 201)
	group := onlyOne(t, out, "endpoint_group")["id"].(string)
	path := filter + "/endpoint_groups/" + group
	if got := ids(do("GET", path+"/endpoints", "", 200), "endpoints"); len(got) != 1 {
		t.Errorf("endpoints of the group: %v", got)
	}
	project := ids(do("GET", "/projects?name=admin", "", 200), "projects")[0]
	do("PUT", path+"/projects/nope", "", 404)
	do("PUT", path+"/projects/"+project, "", 204)
	do("PUT", path+"/projects/"+project, "", 409)
	if all := do("GET", "/auth/catalog", "", 200); strings.Count(catalogOf(all, "compute"), "\n") != 0 || catalogOf(all, "image") != "" {
		t.Errorf("the project has more than its endpoints: %v", all)
	}
	internal := ids(do("GET", "/endpoints?interface=internal", "", 200), "endpoints")[0]
	direct := filter + "/projects/" + project + "/endpoints"
	do("PUT", direct+"/"+internal, "", 204)
	do("GET", direct+"/"+internal, "", 204)
	if got := ids(do("GET", direct, "", 200), "endpoints"); len(got) != 2 || got[0] != internal {
		t.Errorf("endpoints of the project: %v", got)
	}
	if got := namesOf(do("GET", path+"/projects", "", 200), "projects"); got != "admin" {
		t.Errorf("projects of the group: %s", got)
	}
	do("DELETE", direct+"/"+internal, "", 204)
	do("DELETE", direct+"/"+internal, "", 404)
	do("PATCH", path, `{"endpoint_group": {"filters": {"region_id": "nope"}}}`, 200)
	do("DELETE", path, "", 204)
	do("GET", path+"/projects/"+project, "", 404)
	made("endpoint", `{"service_id": "`+nova+`", "interface": "admin", "url": "http://x"}`)
	if all := do("GET", "/auth/catalog", "", 200); strings.Count(catalogOf(all, "compute"), "\n") != 3 {
		t.Errorf("not all endpoints: %v", all)
	}
}
