package devcloud_test

import "testing"

// TestWhatOpenstackclientAsksFor has requests of openstackclient that no other test sends.
func TestWhatOpenstackclientAsksFor(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	admin, demo := logIn(t, c, "admin", "secret", "admin", 201), logIn(t, c, "demo", "secret", "demo", 201)

	do := api(t, c, "/volume/v3")
	do(admin, "POST", "/types", `{"volume_type": {"name": "secret", "os-volume-type-access:is_public": false}}`, 200)
	fast := onlyOne(t, do(admin, "POST", "/types", `{"volume_type": {"name": "fast"}}`, 200), "volume_type")["id"].(string)
	// Private types are left out, unless a client asks for them.
	for query, want := range map[string]int{"": 3, "?is_public=none": 4, "?is_public=False": 1} {
		if list := do(admin, "GET", "/types"+query, "", 200)["volume_types"].([]any); len(list) != want {
			t.Errorf("/types%s: %d types", query, len(list))
		}
	}
	do(admin, "GET", "/types?is_public=maybe", "", 400, `Invalid is_public filter [maybe]`)
	do(admin, "PUT", "/default-types/"+projectOf(t, c.URL, demo), `{"default_type": {"volume_type": "fast"}}`, 200)
	do(demo, "GET", "/types/default", "", 200, fast)
	do(admin, "GET", "/types/default", "", 200, `__DEFAULT__`)

	do(demo, "PUT", "/os-quota-class-sets/default", `{"quota_class_set": {"snapshots": 43}}`, 403)
	do(admin, "PUT", "/os-quota-class-sets/default", `{"quota_class_set": {"snapshots": 43}}`, 200, `"snapshots":43`)
	do(demo, "GET", "/os-quota-class-sets/default", "", 403, "volume_extension:quota_classes:get")
	do(admin, "PUT", "/os-quota-class-sets/default", `{"quota_class_set": {"foo": 1}}`, 400, "Bad key(s) in quota class set: foo")
	do(demo, "GET", "/os-quota-sets/"+projectOf(t, c.URL, demo), "", 200, `"snapshots":43`)
	do(demo, "GET", "/extensions", "", 200, `"name":"TypesManage"`)

	do = api(t, c, "/network/v2.0")
	agent := ids(do(admin, "GET", "/agents?host=compute-2", "", 200, `"host":"compute-2"`), "agents")[0]
	do(admin, "PUT", "/agents/"+agent, `{"agent": {"admin_state_up": false}}`, 200)
	do(admin, "GET", "/agents/"+agent, "", 200, `"admin_state_up":false`)
	do(demo, "GET", "/agents/"+agent, "", 404)
	do(demo, "GET", "/service-providers", "", 200, `"service_type":"L3_ROUTER_NAT"`)
}
