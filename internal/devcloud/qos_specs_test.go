package devcloud_test

import (
	"fmt"
	"testing"
)

// TestQoSSpecsAndEncryption has the results of Cinder 28 for the same requests.
func TestQoSSpecsAndEncryption(t *testing.T) {
	t.Parallel()
	net := network(t)
	admin := logIn(t, net.cloud, "admin", "secret", "admin", 201)
	do := api(t, net.cloud, "/volume/v3")
	do(net.token, "GET", "/qos-specs", "", 403)
	specs := onlyOne(t, do(admin, "POST", "/qos-specs", `{"qos_specs": {"name": "q", "consumer": "front-end", "foo": "bar"}}`, 200), "qos_specs")
	if fmt.Sprint(specs["specs"]) != "map[foo:bar]" || specs["consumer"] != "front-end" {
		t.Errorf("%v", specs)
	}
	do(admin, "POST", "/qos-specs", `{"qos_specs": {"name": "q"}}`, 409, "QoS Specs q already exists.")
	do(admin, "POST", "/qos-specs", `{"qos_specs": {"name": "r", "consumer": "x"}}`, 400, "Invalid qos specs: Valid consumer of QoS specs are")
	path := fmt.Sprintf("/qos-specs/%s", specs["id"])
	do(admin, "PUT", path, `{"qos_specs": {"k": "v", "consumer": "both"}}`, 200)
	do(admin, "PUT", path+"/delete_keys", `{"keys": ["foo"]}`, 202)
	do(admin, "PUT", path+"/delete_keys", `{"keys": ["zoo"]}`, 404, "has no spec with key zoo.")
	do(admin, "GET", path, "", 200, `"specs":{"k":"v"}`, `"consumer":"both"`)

	kind := onlyOne(t, do(admin, "POST", "/types", `{"volume_type": {"name": "t"}}`, 200), "volume_type")["id"]
	do(admin, "GET", fmt.Sprintf("%s/associate?vol_type_id=%s", path, kind), "", 202)
	do(admin, "GET", path+"/associate?vol_type_id=x", "", 404, "Volume type x could not be found.")
	do(admin, "GET", path+"/associations", "", 200, `"association_type":"volume_type"`)
	do(admin, "DELETE", path, "", 400, "Qos specs still in use.")
	do(admin, "GET", fmt.Sprintf("%s/disassociate?vol_type_id=%s", path, kind), "", 202)
	do(admin, "DELETE", path, "", 202)
	do(admin, "GET", path, "", 404, fmt.Sprintf("No such QoS spec %s.", specs["id"]))

	path = fmt.Sprintf("/types/%s/encryption", kind)
	do(admin, "POST", path, `{"encryption": {"provider": "luks"}}`, 400, "'control_location' is a required property")
	made := onlyOne(t, do(admin, "POST", path, `{"encryption": {"provider": "luks", "control_location": "front-end", "key_size": 256}}`, 200),
		"encryption")
	do(admin, "POST", path, `{"encryption": {"provider": "luks", "control_location": "front-end"}}`, 400, "already exists.")
	one := fmt.Sprintf("%s/%s", path, made["encryption_id"])
	do(admin, "PUT", one, `{"encryption": {"key_size": 512}}`, 200)
	do(admin, "GET", path, "", 200, `"key_size":512`, `"provider":"luks"`)
	do(admin, "GET", path+"/provider", "", 200, `{"provider":"luks"}`)
	do(admin, "DELETE", one, "", 202)
	do(admin, "DELETE", one, "", 404, "does not exist.")
	do(admin, "GET", path, "", 200, "{}")

	volume := onlyOne(t, do(net.token, "POST", "/volumes", `{"volume": {"size": 1}}`, 202), "volume")["id"]
	path = fmt.Sprintf("/volumes/%s/action", volume)
	do(net.token, "POST", path, `{"os-initialize_connection": {"connector": {"initiator": "iqn.x"}}}`, 200, `"driver_volume_type":"iscsi"`)
	do(net.token, "POST", path, `{"os-initialize_connection": {"connector": {}}}`, 400, "Connector doesn't have required information: initiator")
}
