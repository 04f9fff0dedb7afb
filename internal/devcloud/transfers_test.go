package devcloud_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestSmallVolumeAPIs has the results of Cinder for the same requests.
func TestSmallVolumeAPIs(t *testing.T) {
	t.Parallel()
	net := network(t)
	c := net.cloud
	admin := logIn(t, c, "admin", "secret", "admin", 201)
	do := api(t, c, "/volume/v3")
	v := onlyOne(t, do(net.token, "POST", "/volumes", `{"volume": {"size": 1}}`, 202), "volume")["id"]
	transfer := onlyOne(t, do(net.token, "POST", "/volume-transfers", fmt.Sprintf(`{"transfer": {"volume_id": %q, "name": "t"}}`, v), 202), "transfer")
	path := fmt.Sprintf("/volume-transfers/%s", transfer["id"])
	do(net.token, "GET", fmt.Sprintf("/volumes/%s", v), "", 200, `"awaiting-transfer"`)
	do(net.token, "DELETE", fmt.Sprintf("/volumes/%s", v), "", 400)
	do(net.token, "POST", "/volume-transfers", fmt.Sprintf(`{"transfer": {"volume_id": %q}}`, v), 400, "Invalid volume: status must be available")
	do(net.token, "GET", "/volume-transfers/detail", "", 200, `"accepted":false`)
	if got := do(net.token, "GET", path, "", 200); strings.Contains(fmt.Sprint(got), "auth_key") {
		t.Errorf("the key is shown: %v", got)
	}
	do(admin, "POST", path+"/accept", `{"accept": {"auth_key": "no"}}`, 400, "with invalid auth key.")
	do(admin, "POST", path+"/accept", fmt.Sprintf(`{"accept": {"auth_key": %q}}`, transfer["auth_key"]), 202)
	do(net.token, "GET", fmt.Sprintf("/volumes/%s", v), "", 404)
	do(admin, "GET", fmt.Sprintf("/volumes/%s", v), "", 200, `"available"`)
	do(net.token, "GET", path, "", 404, fmt.Sprintf("Transfer %s could not be found.", transfer["id"]))
	transfer = onlyOne(t, do(admin, "POST", "/os-volume-transfer", fmt.Sprintf(`{"transfer": {"volume_id": %q}}`, v), 202), "transfer")
	do(admin, "DELETE", fmt.Sprintf("/os-volume-transfer/%s", transfer["id"]), "", 202)
	do(admin, "GET", fmt.Sprintf("/volumes/%s", v), "", 200, `"available"`)

	project := projectOf(t, c.URL, net.token)
	do(net.token, "GET", "/default-types", "", 403)
	do(admin, "GET", "/default-types/"+project, "", 404, "Default type for project "+project+" not found.")
	do(admin, "PUT", "/default-types/"+project, `{"default_type": {"volume_type": "multiattach"}}`, 200)
	do(net.token, "POST", "/volumes", `{"volume": {"size": 1}}`, 202, `"volume_type":"multiattach"`)
	do(admin, "DELETE", "/default-types/"+project, "", 204)
	do(net.token, "POST", "/volumes", `{"volume": {"size": 1}}`, 202, `"volume_type":"__DEFAULT__"`)

	do(admin, "PUT", "/os-quota-sets/"+project, `{"quota_set": {"volumes": 7}}`, 200)
	do(admin, "GET", "/os-quota-sets/"+project, "", 200, `"volumes":7`)
	do(admin, "GET", "/os-quota-sets/"+project+"/defaults", "", 200, `"volumes":100`)
	do(net.token, "GET", "/resource_filters?resource=snapshot", "", 200, `"volume_id"`)
	do(admin, "GET", "/capabilities/dev@lvm", "", 200, "OS::Storage::Capabilities::dev@lvm")
	do(admin, "GET", "/capabilities/other", "", 404, "Can't find service: other")
	// Groups.
	do(net.token, "POST", "/group_types", `{"group_type": {"name": "g"}}`, 403)
	kind := onlyOne(t, do(admin, "POST", "/group_types", `{"group_type": {"name": "g", "description": "d"}}`, 202), "group_type")["id"].(string)
	do(admin, "POST", "/group_types", `{"group_type": {"name": "g"}}`, 409)
	do(admin, "PUT", "/group_types/"+kind, `{"group_type": {"name": "h"}}`, 200, `"name":"h"`)
	do(admin, "POST", "/group_types/"+kind+"/group_specs", `{"group_specs": {"a": "b", "c": "d"}}`, 202)
	do(admin, "PUT", "/group_types/"+kind+"/group_specs/a", `{"a": "e"}`, 200, `{"a":"e"}`)
	do(admin, "DELETE", "/group_types/"+kind+"/group_specs/c", "", 202)
	do(admin, "GET", "/group_types/"+kind+"/group_specs", "", 200, `{"group_specs":{"a":"e"}}`)
	do(net.token, "POST", "/groups", fmt.Sprintf(`{"group": {"group_type": %q}}`, kind), 400, "volume_types must be provided")
	group := onlyOne(t, do(net.token, "POST", "/groups", fmt.Sprintf(`{"group": {"name": "g", "group_type": %q, "volume_types": ["__DEFAULT__"]}}`, kind), 202), "group")["id"].(string)
	do(net.token, "PUT", "/groups/"+group, `{"group": {"name": "n"}}`, 202)
	do(net.token, "GET", "/groups/"+group, "", 200, `"name":"n"`, `"status":"available"`)
	do(net.token, "GET", "/groups", "", 200, fmt.Sprintf(`{"groups":[{"id":%q,"name":"n"}]}`, group))
	do(admin, "DELETE", "/group_types/"+kind, "", 400, "still in use")
	do(net.token, "POST", "/group_snapshots", fmt.Sprintf(`{"group_snapshot": {"group_id": %q}}`, group), 400, "Source group cannot be empty")
	do(net.token, "POST", "/volumes", fmt.Sprintf(`{"volume": {"size": 1, "group_id": %q, "volume_type": "multiattach"}}`, group), 400)
	do(net.token, "POST", "/volumes", fmt.Sprintf(`{"volume": {"size": 1, "group_id": %q}}`, group), 202, fmt.Sprintf(`"group_id":%q`, group))
	snapshot := onlyOne(t, do(net.token, "POST", "/group_snapshots", fmt.Sprintf(`{"group_snapshot": {"group_id": %q}}`, group), 202), "group_snapshot")["id"].(string)
	do(net.token, "GET", "/group_snapshots/"+snapshot, "", 200, `"available"`)
	do(net.token, "POST", "/groups/"+group+"/action", `{"delete": {"delete-volumes": false}}`, 400, "is not empty")
	do(net.token, "DELETE", "/group_snapshots/"+snapshot, "", 202)
	do(net.token, "POST", "/groups/"+group+"/action", `{"delete": {"delete-volumes": true}}`, 202)
	do(net.token, "GET", "/groups/"+group, "", 404, "could not be found.")
	do(admin, "DELETE", "/group_types/"+kind, "", 202)
	do(net.token, "GET", "/backups/detail", "", 200, `{"backups":[]}`)
}
