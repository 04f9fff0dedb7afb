package devcloud_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestVolumesForClients(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	token := logIn(t, c, "demo", "secret", "demo", 201)
	const volumes = "/volume/v3/volumes"
	do := func(method, path, body string, want int) map[string]any {
		t.Helper()
		out, _ := as(t, c, token, method, path, body, want)
		return out
	}
	volume := onlyOne(t, do("POST", volumes, `{"volume": {"name": "data", "size": 1, "metadata": {"a": "b"}}}`, 202), "volume")["id"].(string)
	path := volumes + "/" + volume
	shown := func(field string) string { return fmt.Sprint(onlyOne(t, do("GET", path, "", 200), "volume")[field]) }

	do("PUT", path+"/metadata/c", `{"meta": {"c": "d"}}`, 200)
	do("DELETE", path+"/metadata/a", "", 200)
	do("DELETE", path+"/metadata/a", "", 404)
	do("GET", path+"/metadata/a", "", 404)
	if onlyOne(t, do("GET", path+"/metadata/c", "", 200), "meta")["c"] != "d" || shown("metadata") != "map[c:d]" {
		t.Errorf("metadata %s", shown("metadata"))
	}
	for filter, want := range map[string]int{"{}": 1, "{'c': 'd'}": 1, "{'c':'x'}": 0, "c": 0} {
		if out := do("GET", volumes+"/detail?"+url.Values{"metadata": {filter}}.Encode(), "", 200); len(out["volumes"].([]any)) != want {
			t.Errorf("with metadata %s: %v", filter, out)
		}
	}
	do("POST", path+"/action", `{"os-set_image_metadata": {"metadata": {"q": "w"}}}`, 200)
	do("POST", path+"/action", `{"os-set_image_metadata": {"metadata": {"e": "r"}}}`, 200)
	do("POST", path+"/action", `{"os-unset_image_metadata": {"key": "q"}}`, 200)
	if got := shown("volume_image_metadata"); got != "map[e:r]" {
		t.Errorf("metadata of the image %s", got)
	}
	do("POST", path+"/action", `{"os-update_readonly_flag": {"readonly": true}}`, 202)
	if got := shown("metadata"); got != "map[c:d readonly:True]" {
		t.Errorf("metadata %s", got)
	}

	up := onlyOne(t, do("POST", path+"/action", `{"os-volume_upload_image": {"image_name": "of-data", "disk_format": "qcow2"}}`, 202), "os-volume_upload_image")
	image := do("GET", "/image/v2/images/"+up["image_id"].(string), "", 200)
	if image["status"] != "active" || image["disk_format"] != "qcow2" || image["name"] != "of-data" {
		t.Errorf("uploaded %v", image)
	}

	snapshot := onlyOne(t, do("POST", "/volume/v3/snapshots", fmt.Sprintf(`{"snapshot": {"volume_id": %q, "name": "s"}}`, volume), 202), "snapshot")["id"].(string)
	do("POST", "/volume/v3/snapshots/"+snapshot+"/metadata", `{"metadata": {"x": "y"}}`, 200)
	do("POST", "/volume/v3/snapshots/"+snapshot+"/action", `{"os-reset_status": {"status": "error"}}`, 202)
	if d := onlyOne(t, do("GET", "/volume/v3/snapshots/"+snapshot, "", 200), "snapshot"); d["status"] != "error" || fmt.Sprint(d["metadata"]) != "map[x:y]" {
		t.Errorf("snapshot %v", d)
	}
	do("POST", path+"/action", `{"os-reset_status": {"status": "in-use"}}`, 400)
	do("POST", path+"/action", `{"os-attach": {"instance_uuid": "00000000-0000-4000-8000-000000000001", "mountpoint": "/mnt"}}`, 202)
	another := fmt.Sprintf(`{"snapshot": {"volume_id": %q}}`, volume)
	do("POST", "/volume/v3/snapshots", another, 400)
	send(t, c, token, "POST", "/volume/v3/snapshots", another, 400, "OpenStack-API-Version: volume 3.65")
	send(t, c, token, "POST", "/volume/v3/snapshots", another, 202, "OpenStack-API-Version: volume 3.66")
	do("POST", path+"/action", fmt.Sprintf(`{"revert": {"snapshot_id": %q}}`, snapshot), 202)
	do("POST", path+"/action", `{"revert": {"snapshot_id": "nope"}}`, 404)
}

func TestListsOfVolumes(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	admin, demo := logIn(t, c, "admin", "secret", "admin", 201), logIn(t, c, "demo", "secret", "demo", 201)
	for _, name := range []string{"b", "c", "a"} {
		as(t, c, demo, "POST", "/volume/v3/volumes", fmt.Sprintf(`{"volume": {"name": %q, "size": 1}}`, name), 202)
	}
	for query, want := range map[string]string{"": "a c b", "limit=2&offset=1": "c b", "sort=name:asc": "a b c", "sort_key=name&sort_dir=desc&limit=1": "c", "offset=9": ""} {
		for token, query := range map[string]string{demo: query, admin: query + "&all_tenants=True"} {
			out, _ := as(t, c, token, "GET", "/volume/v3/volumes?"+query, "", 200)
			var got []string
			for _, d := range out["volumes"].([]any) {
				got = append(got, d.(map[string]any)["name"].(string))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v", query, got)
			}
		}
	}
	if out, _ := as(t, c, admin, "GET", "/volume/v3/volumes?all_tenants=False", "", 200); len(out["volumes"].([]any)) != 0 {
		t.Errorf("of the administrators' own project: %v", out)
	}
}

func TestVolumeTypesAndQuotas(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	admin, demo := logIn(t, c, "admin", "secret", "admin", 201), logIn(t, c, "demo", "secret", "demo", 201)
	const types = "/volume/v3/types"
	as(t, c, demo, "POST", types, `{"volume_type": {"name": "fast"}}`, 403)
	out, _ := as(t, c, admin, "POST", types, `{"volume_type": {"name": "fast", "description": "d", "os-volume-type-access:is_public": false, "extra_specs": {"a": "b"}}}`, 200)
	kind := onlyOne(t, out, "volume_type")
	path := types + "/" + kind["id"].(string)
	if kind["description"] != "d" || kind["is_public"] != false {
		t.Errorf("made %v", kind)
	}
	as(t, c, admin, "POST", types, `{"volume_type": {"name": "fast"}}`, 409)
	as(t, c, admin, "PUT", path, `{"volume_type": {"description": "e"}}`, 200)
	as(t, c, admin, "POST", path+"/extra_specs", `{"extra_specs": {"c": "d"}}`, 200)
	as(t, c, admin, "PUT", path+"/extra_specs/e", `{"e": "f"}`, 200)
	as(t, c, admin, "DELETE", path+"/extra_specs/a", "", 202)
	out, _ = as(t, c, admin, "GET", path, "", 200)
	if kind = onlyOne(t, out, "volume_type"); kind["description"] != "e" || fmt.Sprint(kind["extra_specs"]) != "map[c:d e:f]" {
		t.Errorf("changed %v", kind)
	}
	as(t, c, admin, "GET", path+"/encryption", "", 200)
	seen := func() int {
		out, _ := as(t, c, demo, "GET", types+"?is_public=None", "", 200)
		return len(out["volume_types"].([]any))
	}
	before := seen()
	out, _ = as(t, c, admin, "GET", v3+"/projects?name=demo", "", 200)
	project := ids(out, "projects")[0]
	as(t, c, admin, "POST", path+"/action", fmt.Sprintf(`{"addProjectAccess": {"project": %q}}`, project), 202)
	if seen() != before+1 {
		t.Errorf("a type is not seen by whom it is for")
	}
	as(t, c, admin, "POST", path+"/action", fmt.Sprintf(`{"removeProjectAccess": {"project": %q}}`, project), 202)
	if seen() != before {
		t.Errorf("a type is seen by whom it is not for")
	}

	const quota = "/volume/v3/os-quota-sets/p"
	as(t, c, admin, "PUT", quota, `{"quota_set": {"volumes": 4, "gigabytes": 40}}`, 200)
	out, _ = as(t, c, admin, "PUT", quota, `{"quota_set": {"volumes": 5}}`, 200)
	if q := onlyOne(t, out, "quota_set"); q["volumes"] != 5.0 || q["gigabytes"] != 40.0 {
		t.Errorf("the quota is %v", q)
	}
	as(t, c, demo, "DELETE", quota, "", 403)
	as(t, c, admin, "DELETE", quota, "", 200)
	out, _ = as(t, c, admin, "GET", quota, "", 200)
	if q := onlyOne(t, out, "quota_set"); q["volumes"] != 100.0 {
		t.Errorf("the quota is %v", q)
	}
}

func TestImagesForClients(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	token := logIn(t, c, "demo", "secret", "demo", 201)
	const images = "/image/v2/images"
	do := func(method, path, body string, want int) map[string]any {
		t.Helper()
		_, text := send(t, c, token, method, path, body, want)
		var out map[string]any
		if want < 400 && len(text) > 0 { // Glance's errors are pages of HTML
			if err := json.Unmarshal(text, &out); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	made := map[string]string{}
	for _, name := range []string{"b", "a"} {
		made[name] = do("POST", images, fmt.Sprintf(`{"name": %q, "disk_format": "raw", "container_format": "bare"}`, name), 201)["id"].(string)
	}
	names := func(query url.Values) string {
		var list []string
		for _, d := range do("GET", images+"?"+query.Encode(), "", 200)["images"].([]any) {
			list = append(list, d.(map[string]any)["name"].(string))
		}
		return strings.Join(list, " ")
	}
	for sort, want := range map[string]string{"name:asc": "a b cirros", "visibility:asc,name:desc": "cirros b a"} {
		if got := names(url.Values{"sort": {sort}}); got != want {
			t.Errorf("sorted by %s: %s", sort, got)
		}
	}
	a := images + "/" + made["a"]
	do("POST", a+"/import", `{"method": {"name": "web-download", "uri": "http://example.org/"}}`, 400)
	do("POST", a+"/import", `{"method": {"name": "glance-direct"}}`, 409)
	do("POST", a+"/actions/deactivate", "", 403)
	do("PUT", a+"/stage", "content", 204)
	do("POST", a+"/import", `{"method": {"name": "glance-direct"}}`, 202)
	do("POST", a+"/actions/deactivate", "", 204)
	if d := do("GET", a, "", 200); d["status"] != "deactivated" {
		t.Errorf("the image is %v", d["status"])
	}
	do("POST", a+"/actions/reactivate", "", 204)
	do("PATCH", a, `[{"op": "replace", "path": "/os_hidden", "value": true}]`, 200)
	if all, hidden := names(url.Values{"sort": {"name:asc"}}), names(url.Values{"os_hidden": {"true"}}); all != "b cirros" || hidden != "a" {
		t.Errorf("listed: %s; hidden: %s", all, hidden)
	}
	do("POST", a+"/members", `{"member": "someone"}`, 200)
	if m := do("GET", a+"/members/someone", "", 200); m["status"] != "pending" {
		t.Errorf("member %v", m)
	}
	do("GET", a+"/members/nobody", "", 404)
	for _, name := range []string{"image", "images", "member", "members"} {
		if d := do("GET", "/image/v2/schemas/"+name, "", 200); d["name"] != name {
			t.Errorf("schema %v", d)
		}
	}
}
