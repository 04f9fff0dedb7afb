package devcloud_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestSharesOfServers attaches a share, starts and stops its server, and deletes it, with the states and the access
// rules that nova-compute gives a share.
func TestSharesOfServers(t *testing.T) {
	t.Parallel()
	net := network(t)
	c, demo := net.cloud, nova{t, net.cloud, net.token}
	manila := func(method, path, body string, want int) map[string]any {
		t.Helper()
		out, _ := as(t, c, net.token, method, "/share/v2"+path, body, want)
		return out
	}
	one := onlyOne(t, manila("POST", "/shares", `{"share": {"share_proto": "NFS", "size": 1, "name": "s"}}`, 200), "share")
	if one["status"] != "creating" {
		t.Errorf("%v", one)
	}
	id := one["id"].(string)
	_, text := send(t, c, net.token, "GET", "/share/v2/shares/"+id+"/export_locations", "", 200)
	if !strings.Contains(string(text), "127.0.0.1:/shares/"+id) {
		t.Errorf("%s", text)
	}
	for query, want := range map[string]int{"display_description=x": 0, "display_name=s&metadata=%7B%7D": 1, "metadata=%7B%27a%27:+%27b%27%7D": 0} {
		if list := manila("GET", "/shares/detail?"+query, "", 200)["shares"].([]any); len(list) != want {
			t.Errorf("%s: %v", query, list)
		}
	}
	manila("POST", "/shares/"+id+"/action", `{"access_list": null}`, 200) // before microversion 2.45
	manila("GET", "/os-availability-zone", "", 200)                       // before microversion 2.7
	server := net.server(net.named("private"))
	shares := "/servers/" + server + "/shares"
	attach := fmt.Sprintf(`{"share": {"share_id": %q}}`, id)
	demo.do("2.97", "POST", shares, attach, 409) // the server runs
	act := func(body string) {
		t.Helper()
		demo.do("2.97", "POST", "/servers/"+server+"/action", body, 202)
		c.Settle()
	}
	status := func(want string) {
		t.Helper()
		c.Settle()
		if got := fmt.Sprint(demo.do("2.97", "GET", shares, "", 200)); !strings.Contains(got, "status:"+want) || !strings.Contains(got, "tag:"+id) {
			t.Errorf("%s, not %s", got, want)
		}
	}
	rules := func() string {
		t.Helper()
		_, text := send(t, c, net.token, "GET", "/share/v2/share-access-rules?share_id="+id, "", 200)
		return string(text)
	}
	act(`{"os-stop": null}`)
	demo.do("2.97", "POST", shares, attach, 201)
	status("inactive")
	if got := rules(); !strings.Contains(got, `"access_to":"******"`) || !strings.Contains(got, `"state":"active"`) {
		t.Errorf("the rule of Nova is %s", got)
	}
	demo.do("2.97", "POST", shares, attach, 409)
	act(`{"os-start": null}`)
	status("active")
	act(`{"reboot": {"type": "HARD"}}`)
	status("active")
	act(`{"os-stop": null}`)
	status("inactive")
	demo.do("2.97", "DELETE", shares+"/"+id, "", 200)
	c.Settle()
	demo.do("2.97", "GET", shares+"/"+id, "", 404)
	if got := rules(); !strings.Contains(got, `"access_list":[]`) {
		t.Errorf("left: %s", got)
	}
	_, text = send(t, c, net.token, "GET", "/v2.1/servers/"+server+"/os-instance-actions", "", 200)
	for _, action := range []string{"attach_share", "detach_share"} {
		if !strings.Contains(string(text), action) {
			t.Errorf("no %s in %s", action, text)
		}
	}
	ceph := onlyOne(t, manila("POST", "/shares", `{"share": {"share_proto": "CephFS", "size": 1}}`, 200), "share")["id"].(string)
	demo.do("2.97", "POST", shares, fmt.Sprintf(`{"share": {"share_id": %q, "tag": "data"}}`, ceph), 201)
	c.Settle()
	demo.do("2.97", "DELETE", "/servers/"+server, "", 204)
	c.Settle()
	manila("DELETE", "/shares/"+ceph, "", 202)
	manila("GET", "/shares/"+ceph, "", 404)
	ask(t, c, "POST", "/reset", "", 204)
	manila("GET", "/shares/"+id, "", 404)
}

// TestShares covers the rest of Manila's API that clients use.
func TestShares(t *testing.T) {
	t.Parallel()
	net := network(t)
	c := net.cloud
	do := func(token, method, path, body string, want int, says ...string) string {
		t.Helper()
		_, text := send(t, c, token, method, "/share/v2"+path, body, want)
		for _, s := range says {
			if !strings.Contains(string(text), s) {
				t.Errorf("%s %s: no %s in %s", method, path, s, text)
			}
		}
		return string(text)
	}
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	do("", "GET", "/", "", 200, `"version":"2.82"`)
	out, _ := as(t, c, net.token, "POST", "/share/v2/shares", `{"share": {"share_proto": "nfs", "size": 2, "share_type": "dhss_false", "metadata": {"a": "b"}}}`, 200)
	path := "/shares/" + onlyOne(t, out, "share")["id"].(string)
	do(net.token, "GET", path, "", 200, `"status":"available"`, `"share_proto":"NFS"`, `"share_type_name":"dhss_false"`)
	for body, says := range map[string]string{
		`{"share_proto": "NFS"}`:                                   "Invalid share size",
		`{"share_proto": "HDFS", "size": 1}`:                       "Invalid share protocol",
		`{"share_proto": "NFS", "size": 1, "snapshot_id": "none"}`: "Snapshot none could not be found",
	} {
		status := 400
		if strings.Contains(body, "none") {
			status = 404
		}
		do(net.token, "POST", "/shares", `{"share": `+body+`}`, status, says)
	}
	act := func(token, body string, want int, says ...string) string {
		t.Helper()
		return do(token, "POST", path+"/action", body, want, says...)
	}
	act(net.token, `{"extend": {"new_size": 3}}`, 202)
	act(net.token, `{"extend": {"new_size": 3}}`, 400, "greater than current size")
	act(net.token, `{"shrink": {"new_size": 1}}`, 202)
	act(net.token, `{"reset_status": {"status": "error"}}`, 403)
	act(net.token, `{"nothing": {}}`, 400)
	do(net.token, "PUT", path, `{"share": {"display_description": "d"}}`, 200, `"description":"d"`)
	do(net.token, "PUT", path+"/metadata/c", `{"meta": {"c": "d"}}`, 200)
	do(net.token, "GET", path+"/metadata", "", 200, `{"a":"b","c":"d"}`)

	const rule = `{"allow_access": {"access_type": "ip", "access_to": "10.0.0.0/24", "lock_deletion": true}}`
	act(net.token, rule, 200, `"queued_to_apply"`)
	act(net.token, rule, 400, "exists")
	act(net.token, `{"allow_access": {"access_type": "cephx", "access_to": "a"}}`, 400, "not supported")
	listed, _ := as(t, c, net.token, "GET", "/share/v2/share-access-rules?share_id="+strings.TrimPrefix(path, "/shares/"), "", 200)
	access := ids(listed, "access_list")[0]
	act(net.token, fmt.Sprintf(`{"deny_access": {"access_id": %q}}`, access), 403, "prevent delete action")
	act(net.token, fmt.Sprintf(`{"deny_access": {"access_id": %q, "unrestrict": true}}`, access), 202)
	do(net.token, "GET", "/share-access-rules/"+access, "", 404)

	lock, _ := as(t, c, net.token, "POST", "/share/v2/resource-locks", fmt.Sprintf(`{"resource_lock": {"resource_id": %q, "resource_type": "share"}}`, strings.TrimPrefix(path, "/shares/")), 200)
	do(net.token, "DELETE", path, "", 403, "Resource lock/s")
	do(net.token, "DELETE", "/resource-locks/"+onlyOne(t, lock, "resource_lock")["id"].(string), "", 204)
	snapshot, _ := as(t, c, net.token, "POST", "/share/v2/snapshots", fmt.Sprintf(`{"snapshot": {"share_id": %q}}`, strings.TrimPrefix(path, "/shares/")), 202)
	of := onlyOne(t, snapshot, "snapshot")["id"].(string)
	do(net.token, "DELETE", path, "", 403, "dependent snapshots")
	act(net.token, fmt.Sprintf(`{"revert": {"snapshot_id": %q}}`, of), 202)
	do(net.token, "DELETE", "/snapshots/"+of, "", 202)
	do(net.token, "GET", "/limits", "", 200, `"totalShareGigabytesUsed":1`)
	do(net.token, "DELETE", path, "", 202)

	do(net.token, "POST", "/types", `{"share_type": {"name": "t", "extra_specs": {"driver_handles_share_servers": false}}}`, 403)
	do(admin, "POST", "/types", `{"share_type": {"name": "t"}}`, 400, "driver_handles_share_servers")
	do(admin, "POST", "/types", `{"share_type": {"name": "t", "extra_specs": {"driver_handles_share_servers": false}}}`, 200, `"driver_handles_share_servers":"False"`)
	do(net.token, "GET", "/types/default", "", 200, `"is_default":true`)
	for _, path := range []string{"/services", "/availability-zones", "/scheduler-stats/pools", "/messages", "/quota-sets/x"} {
		do(admin, "GET", path, "", 200)
	}
}
