package devcloud_test

import (
	"fmt"
	"testing"
)

func TestActionsOnVolumes(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	admin := logIn(t, c, "admin", "secret", "demo", 201)
	const volumes, snapshots = "/volume/v3/volumes", "/volume/v3/snapshots"
	do := func(method, path, body string, want int) map[string]any {
		t.Helper()
		out, _ := as(t, c, admin, method, path, body, want)
		return out
	}
	volume := onlyOne(t, do("POST", volumes, `{"volume": {"name": "data", "size": 1}}`, 202), "volume")["id"].(string)
	path := volumes + "/" + volume
	shown := func() map[string]any { return onlyOne(t, do("GET", path, "", 200), "volume") }
	act := func(body string, want int) map[string]any { t.Helper(); return do("POST", path+"/action", body, want) }

	act(`{"os-set_bootable": {"bootable": true}}`, 200)
	act(`{"os-show_image_metadata": {}}`, 404)
	act(`{"os-unset_image_metadata": {"key": "a"}}`, 404)
	if out := act(`{"os-set_image_metadata": {"metadata": {"a": "b"}}}`, 200); fmt.Sprint(out["metadata"]) != "map[a:b]" {
		t.Errorf("set %v", out)
	}
	act(`{"os-unset_image_metadata": {"key": "a"}}`, 200)
	if d := shown(); d["bootable"] != "true" || d["volume_image_metadata"] != nil {
		t.Errorf("the volume is %v", d)
	}

	const cirros = "70a599e0-31e7-49b7-b260-868f441e862b"
	reimage := func(image, version string, want int) {
		t.Helper()
		send(t, c, admin, "POST", path+"/action", fmt.Sprintf(`{"os-reimage": {"image_id": %q}}`, image), want, "OpenStack-API-Version: volume "+version)
	}
	reimage(cirros, "3.67", 404)
	reimage(volume, "3.68", 404)
	reimage(cirros, "3.68", 202)
	if meta := onlyOne(t, shown(), "volume_image_metadata"); meta["image_id"] != cirros {
		t.Errorf("the volume is one of %v", meta)
	}

	act(fmt.Sprintf(`{"os-attach": {"instance_uuid": %q, "mountpoint": "/mnt", "mode": "rw"}}`, cirros), 202)
	d := shown()
	held, _ := d["attachments"].([]any)
	if len(held) != 1 || d["status"] != "in-use" || fmt.Sprint(d["metadata"]) != "map[attached_mode:rw readonly:False]" {
		t.Fatalf("attached: %v", d)
	}
	a := held[0].(map[string]any)
	if a["server_id"] != cirros || a["device"] != "/mnt" {
		t.Errorf("attached: %v", a)
	}
	act(fmt.Sprintf(`{"os-attach": {"instance_uuid": %q, "mountpoint": "/mnt"}}`, volume), 400)
	reimage(cirros, "3.68", 400)
	act(fmt.Sprintf(`{"os-detach": {"attachment_id": %q}}`, a["attachment_id"]), 202)
	if d := shown(); d["status"] != "available" || fmt.Sprint(d["metadata"]) != "map[readonly:False]" {
		t.Errorf("detached: %v", d)
	}

	snapshot := onlyOne(t, do("POST", snapshots, fmt.Sprintf(`{"snapshot": {"volume_id": %q}}`, volume), 202), "snapshot")["id"].(string)
	of := snapshots + "/" + snapshot
	do("POST", of+"/action", `{"os-update_snapshot_status": {"status": "available"}}`, 400)
	do("POST", of+"/action", `{"os-reset_status": {"status": "creating"}}`, 202)
	do("POST", of+"/action", `{"os-update_snapshot_status": {"status": "deleting"}}`, 400)
	do("POST", of+"/action", `{"os-update_snapshot_status": {"status": "available"}}`, 202)
	if d := onlyOne(t, do("GET", of, "", 200), "snapshot"); d["status"] != "available" {
		t.Errorf("the snapshot is %v", d["status"])
	}
	demo := logIn(t, c, "demo", "secret", "demo", 201)
	as(t, c, demo, "POST", of+"/action", `{"os-force_delete": {}}`, 403)
	do("POST", of+"/action", `{"os-force_delete": {}}`, 202)
	do("GET", of, "", 404)
	as(t, c, demo, "POST", path+"/action", `{"os-force_delete": {}}`, 403)
	act(`{"os-force_delete": {}}`, 202)
	do("GET", path, "", 404)
}

// TestNovasAttachmentsAreNovasToEnd is what Cinder refuses since its bug 2004555.
func TestNovasAttachmentsAreNovasToEnd(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	token := logIn(t, c, "demo", "secret", "demo", 201)
	out, _ := as(t, c, token, "POST", "/volume/v3/volumes", `{"volume": {"size": 1}}`, 202)
	path := "/volume/v3/volumes/" + onlyOne(t, out, "volume")["id"].(string)
	body := fmt.Sprintf(`{"attachment": {"volume_uuid": %q, "instance_uuid": "aaaaaaaa-0000-4000-8000-000000000001", "connector": {"host": "h"}}}`, onlyOne(t, out, "volume")["id"])
	as(t, c, token, "POST", "/volume/v3/attachments", body, 200)
	as(t, c, token, "POST", path+"/action", `{"os-detach": {}}`, 409)
}

func TestLimitsOfVolumeTypes(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	admin := logIn(t, c, "admin", "secret", "demo", 201)
	do := func(method, path, body string, want int) map[string]any {
		t.Helper()
		out, _ := as(t, c, admin, method, "/volume/v3"+path, body, want)
		return out
	}
	kind := "/types/" + onlyOne(t, do("POST", "/types", `{"volume_type": {"name": "fast", "extra_specs": {"a": "b"}}}`, 200), "volume_type")["id"].(string)
	if d := do("GET", kind+"/extra_specs/a", "", 200); d["a"] != "b" {
		t.Errorf("the extra spec is %v", d)
	}
	do("GET", kind+"/extra_specs/x", "", 404)
	do("DELETE", kind+"/extra_specs/x", "", 404)
	do("PUT", kind+"/extra_specs/a", `{"x": "y"}`, 400)

	project := onlyOne(t, do("POST", "/volumes", `{"volume": {"size": 3, "volume_type": "fast"}}`, 202), "volume")["os-vol-tenant-attr:tenant_id"].(string)
	const nobody = "/os-quota-sets/p"
	if q := onlyOne(t, do("PUT", nobody, `{"quota_set": {"volumes_fast": 5}}`, 200), "quota_set"); q["volumes_fast"] != 5.0 || q["gigabytes_fast"] != -1.0 || q["id"] != nil {
		t.Errorf("the limits are %v", q)
	}
	do("PUT", nobody, `{"quota_set": {"nonsense": 5}}`, 400)
	if q := onlyOne(t, do("GET", "/os-quota-sets/"+project+"?usage=true", "", 200), "quota_set"); q["id"] != project || fmt.Sprint(q["gigabytes_fast"]) != "map[in_use:3 limit:-1 reserved:0]" {
		t.Errorf("the usage is %v", q)
	}

	for detail, want := range map[string]bool{"": false, "?detail=true": true} {
		pool := do("GET", "/scheduler-stats/get_pools"+detail, "", 200)["pools"].([]any)[0].(map[string]any)
		if _, has := pool["capabilities"]; has != want || pool["name"] != "dev@lvm#lvm" {
			t.Errorf("with %q the pool is %v", detail, pool)
		}
	}
	as(t, c, logIn(t, c, "demo", "secret", "demo", 201), "GET", "/volume/v3/scheduler-stats/get_pools", "", 403)
}
