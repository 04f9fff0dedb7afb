package servers_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// TestCreateAsksTheConductor: one message has all servers of a request.
func TestCreateAsksTheConductor(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	body := `{"server": {"name": "web", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "networks": "none", "min_count": 2, "max_count": 2}}`
	m := s.Messages(func() {
		s.As("demo").MV("2.37").Do("POST /servers", body).Expect(202).Has(`{"server": {"id": "*", "adminPass": "*", "OS-DCF:diskConfig": "MANUAL", "security_groups": [{"name": "default"}]}}`)
	}).Expect(`cast conductor schedule_and_build_instances 1.17 admin_password=* block_device_mapping=BlockDeviceMappingList/1.* build_requests=[BuildRequest/1.3 BuildRequest/1.3] image=* injected_files=[] request_specs=[RequestSpec/1.15 RequestSpec/1.15] requested_networks=NetworkRequestList/1.1 tags=TagList/1.1`)
	if text := string(m.All[0].Args["requested_networks"]); !strings.Contains(text, `"network_id": "none"`) && !strings.Contains(text, `"network_id":"none"`) {
		t.Errorf("the networks are %s", text)
	}
	if n := s.Value("api", "SELECT COUNT(*) FROM build_requests"); n != "2" {
		t.Errorf("%s build requests", n)
	}
	s.As("demo").Do("GET /servers/detail").Expect(200).Has(`{"servers": [{"name": "web-2", "status": "BUILD"}, {"name": "web-1", "status": "BUILD", "OS-EXT-STS:task_state": "scheduling"}]}`)
	s.As("admin").Do("GET /servers/detail?all_tenants=1").Expect(200).Has(`{"servers": [{"OS-EXT-SRV-ATTR:instance_name": ""}, {"OS-EXT-SRV-ATTR:instance_name": ""}]}`)
}

// TestCreateRefuses: what cannot be built leaves nothing, and the conductor hears
// nothing of it.
func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	const unknown = "11111111-2222-4333-8444-555555555555"
	net := s.As("demo").At("").Do("GET /network/v2.0/networks?name=private").Expect(200).At("networks", "0", "id")
	for _, c := range []struct {
		name, mv, server string
		status           int
		kind, message    string
	}{
		{"no flavor", "2.1", `"imageRef": "IMAGE"`, 400, "badRequest", "Invalid input for field/attribute server. Value: *. 'flavorRef' is a required property"},
		{"no such flavor", "2.1", `"flavorRef": "nosuch", "imageRef": "IMAGE"`, 400, "badRequest", "Flavor nosuch could not be found."},
		{"no such image", "2.1", `"flavorRef": "1", "imageRef": "` + unknown + `"`, 400, "badRequest", "Can not find requested image"},
		{"no image", "2.1", `"flavorRef": "1"`, 400, "badRequest", "Missing imageRef attribute"},
		{"no such network", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "` + unknown + `"}]`, 400, "badRequest", "Network " + unknown + " could not be found."},
		{"no such port", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"port": "` + unknown + `"}]`, 400, "badRequest", "Port id " + unknown + " could not be found."},
		{"which network", "2.1", `"flavorRef": "1", "imageRef": "IMAGE"`, 409, "conflictingRequest", "Multiple possible networks found, use a Network ID to be more specific."},
		{"no word on networks", "2.37", `"flavorRef": "1", "imageRef": "IMAGE"`, 400, "badRequest", "Invalid input for field/attribute server. Value: *. 'networks' is a required property"},
		{"no such key", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "key_name": "nosuch"`, 400, "badRequest", "Invalid key_name provided."},
		{"user data", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "user_data": "abc"`, 400, "badRequest", "*"},
		{"no such zone", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "availability_zone": "moon"`, 400, "badRequest", "The requested availability zone is not available"},
		{"counts", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "min_count": 3, "max_count": 2`, 400, "badRequest", "min_count must be <= max_count"},
		{"one address for two", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET", "fixed_ip": "10.0.0.9"}], "min_count": 2`, 400, "badRequest", "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified."},
		{"no such group", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "security_groups": [{"name": "nosuch"}]`, 400, "badRequest", "Unable to find security_group with name or id 'nosuch'"},
		{"too many", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "min_count": 11`, 403, "forbidden", "Quota exceeded for instances: Requested 11, but already used 0 of 10 instances"},
		{"more than can be counted", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "min_count": 99999999999999999999`, 403, "forbidden", "Quota exceeded for cores, instances, ram: Requested 2147483647, 2147483647, 1099511627264, but already used 0, 0, 0 of 20, 10, 51200 cores, instances, ram"},
		{"more than can be counted, as text", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "min_count": "9223372036854775807"`, 403, "forbidden", "Quota exceeded for cores, instances, ram: Requested 2147483647, 2147483647, 1099511627264, but already used 0, 0, 0 of 20, 10, 51200 cores, instances, ram"},
		{"no network in one", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"fixed_ip": "10.0.0.3"}]`, 400, "badRequest", "Bad network format: missing 'uuid'"},
		{"address of a port", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"port": "` + unknown + `", "fixed_ip": "10.0.0.3"}]`, 400, "badRequest", "Specified Fixed IP '10.0.0.3' cannot be used with port '" + unknown + "': the two cannot be specified together."},
		{"one port twice", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"port": "` + unknown + `"}, {"port": "` + unknown + `"}]`, 400, "badRequest", "Port ID '" + unknown + "' was specified twice: you cannot attach a port multiple times."},
		{"one port for two", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"port": "` + unknown + `"}], "min_count": 2`, 400, "badRequest", "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports."},
		{"no such server group", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}]}, "os:scheduler_hints": {"group": "` + unknown + `"`, 400, "badRequest", "Instance group " + unknown + " could not be found."},
		{"hostname", "2.90", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "hostname": "x"`, 400, "badRequest", "Invalid input for field/attribute hostname. Value: x. 'x' does not match '^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$'"},
		{"image beside the image", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "block_device_mapping_v2": [{"source_type": "image", "destination_type": "local", "uuid": "IMAGE", "boot_index": 1}]`, 400, "badRequest", "Block Device Mapping is Invalid: Mapping image to local is not supported."},
		{"blank volume without size", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "block_device_mapping_v2": [{"source_type": "blank", "destination_type": "volume", "boot_index": 0}]`, 400, "badRequest", "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size"},
		{"image volume without size", "2.1", `"flavorRef": "1", "networks": [{"uuid": "NET"}], "block_device_mapping_v2": [{"source_type": "image", "destination_type": "volume", "uuid": "IMAGE", "boot_index": 0}]`, 400, "badRequest", "Images with destination_type 'volume' need to have a non-zero size specified"},
		{"blank with id", "2.1", `"flavorRef": "1", "networks": [{"uuid": "NET"}], "block_device_mapping_v2": [{"source_type": "blank", "destination_type": "volume", "uuid": "IMAGE", "boot_index": 0}]`, 400, "badRequest", "Block Device Mapping is Invalid: Invalid device UUID."},
		{"fields of no device", "2.1", `"flavorRef": "1", "networks": [{"uuid": "NET"}], "block_device_mapping_v2": [{"no_device": "abc", "uuid": "IMAGE", "virtual_name": "abc"}]`, 400, "badRequest", "Block Device Mapping is Invalid: Following fields are invalid: virtual_name"},
		{"legacy mapping", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "block_device_mapping": [{"device_name": "vdb"}]`, 400, "badRequest", "Block Device Mapping is Invalid: Unrecognized legacy format."},
		{"two syntaxes", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "block_device_mapping": [{"device_name": "vdb", "volume_id": "` + unknown + `"}], "block_device_mapping_v2": [{"source_type": "blank", "destination_type": "local"}]`, 400, "badRequest", "Using different block_device_mapping syntaxes is not allowed in the same request."},
		{"flavor as a host", "2.37", `"flavorRef": "//1", "imageRef": "IMAGE", "networks": "none"`, 400, "badRequest", "Flavor  could not be found."},
		{"flavor with a fraction", "2.37", `"flavorRef": 1.0, "imageRef": "IMAGE", "networks": "none"`, 400, "badRequest", "Flavor 1.0 could not be found."},
		{"flavor as a URL with half an address", "2.37", `"flavorRef": "http://[::1/1", "imageRef": "IMAGE", "networks": "none"`, 500, "computeFault", "Unexpected API Error. Please contact the administrator\n<class 'ValueError'>"},
		{"image as a URN", "2.37", `"flavorRef": "1", "imageRef": "urn:uuid:IMAGE", "networks": "none"`, 400, "badRequest", "Can not find requested image"},
		{"counts with fractions", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "min_count": 2.0, "max_count": 1.0`, 400, "badRequest", "min_count must be <= max_count"},
		{"more than can be counted, with an exponent", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "min_count": 1e30`, 403, "forbidden", "Quota exceeded for cores, instances, ram: Requested 2147483647, 2147483647, 1099511627264, but already used 0, 0, 0 of 20, 10, 51200 cores, instances, ram"},
		{"a line feed for a count", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "min_count": "\n"`, 400, "badRequest", `'\n' is not an integer`},
		{"network by its name", "2.1", `"flavorRef": "nosuch", "imageRef": "IMAGE", "networks": [{"uuid": "private"}]`, 400, "badRequest", "Bad networks format: network uuid is not in proper format (private)"},
		{"network without a name", "2.36", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": ""}]`, 400, "badRequest", "Bad networks format: network uuid is not in proper format ()"},
		{"network by its URL", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"port": null, "uuid": "http://h/NET"}]`, 400, "badRequest", "Bad networks format: network uuid is not in proper format (http://h/" + net + ")"},
		{"network by its name beside a port", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"port": "` + unknown + `", "uuid": "private"}]`, 400, "badRequest", "Port id " + unknown + " could not be found."},
		{"address of a port, in another form", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"port": "` + unknown + `", "fixed_ip": "2001:DB8:0::1"}]`, 400, "badRequest", "Specified Fixed IP '2001:db8::1' cannot be used with port '" + unknown + "': the two cannot be specified together."},
		{"user data that is not ASCII", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "user_data": "YQ==é"`, 500, "computeFault", "Unexpected API Error. Please contact the administrator\n<class 'UnicodeDecodeError'>"},
		{"hint of no text", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none"}, "os:scheduler_hints": {"query": {"a": "b"}`, 400, "badRequest", "Invalid scheduler hint 'query': it must be a text or a list of texts."},
		{"hint of two groups", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none"}, "os:scheduler_hints": {"group": ["` + unknown + `", "NET"]`, 400, "badRequest", "Instance group ['" + unknown + "', '" + net + "'] could not be found."},
		{"hint of one group in a list", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none"}, "os:scheduler_hints": {"group": ["` + unknown + `"]`, 400, "badRequest", "Instance group ['" + unknown + "'] could not be found."},
		{"device without a source", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "block_device_mapping_v2": [{"uuid": "IMAGE", "destination_type": "volume"}]`, 400, "badRequest", "Block Device Mapping is Invalid: Some required fields are missing"},
		{"device of no type", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "block_device_mapping_v2": [{"source_type": "image", "destination_type": "local", "uuid": "IMAGE", "boot_index": 0, "device_type": "tape"}]`, 500, "computeFault", "Unexpected API Error. Please contact the administrator\n<class 'ValueError'>"},
		{"image beside the image, with a fraction", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "block_device_mapping_v2": [{"source_type": "image", "destination_type": "local", "uuid": "IMAGE", "boot_index": 1.0}]`, 400, "badRequest", "Block Device Mapping is Invalid: Mapping image to local is not supported."},
		{"size with a fraction", "2.37", `"flavorRef": "1", "networks": "none", "block_device_mapping_v2": [{"source_type": "image", "destination_type": "volume", "uuid": "IMAGE", "boot_index": 0, "volume_size": 1.0}]`, 400, "badRequest", "Block Device Mapping is Invalid: Invalid volume_size."},
		{"size with a fraction, of the first form", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "block_device_mapping": [{"virtual_name": "ephemeral0", "device_name": "vdb", "volume_size": 1.0}]`, 400, "badRequest", "Block Device Mapping is Invalid: Invalid volume_size."},
		{"boot index of more than 64 bits", "2.37", `"flavorRef": "1", "imageRef": "IMAGE", "networks": "none", "block_device_mapping_v2": [{"source_type": "blank", "destination_type": "local", "volume_size": 1, "boot_index": 1e30}]`, 400, "badRequest", "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid."},
		{"device that is one all the same", "2.37", `"flavorRef": "1", "networks": "none", "block_device_mapping_v2": [{"source_type": "image", "destination_type": "volume", "uuid": "IMAGE", "boot_index": 0, "no_device": {}}]`, 400, "badRequest", "Images with destination_type 'volume' need to have a non-zero size specified"},
		{"no device, of a volume", "2.37", `"flavorRef": "1", "networks": "none", "block_device_mapping_v2": [{"source_type": "volume", "destination_type": "volume", "volume_id": "` + unknown + `", "boot_index": 0, "no_device": true}]`, 400, "badRequest", "Block Device Mapping is Invalid: failed to get volume " + unknown + "."},
		{"no device, of an image without size", "2.37", `"flavorRef": "1", "networks": "none", "block_device_mapping_v2": [{"source_type": "image", "destination_type": "volume", "image_id": "IMAGE", "boot_index": 0, "no_device": true}]`, 400, "badRequest", "Images with destination_type 'volume' need to have a non-zero size specified"},
		{"root device by its letter", "2.37", `"flavorRef": "1", "networks": "none", "block_device_mapping": [{"device_name": "vd1a", "volume_id": "` + unknown + `"}]`, 400, "badRequest", "Block Device Mapping is Invalid: failed to get volume " + unknown + "."},
		{"forced host", "2.1", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "availability_zone": "nova:host"`, 403, "forbidden", "Policy doesn't allow os_compute_api:servers:create:forced_host to be performed."},
		{"no such host", "2.74", `"flavorRef": "1", "imageRef": "IMAGE", "networks": [{"uuid": "NET"}], "host": "nosuch"`, 403, "forbidden", "*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.In(t)
			body := strings.NewReplacer("IMAGE", "70a599e0-31e7-49b7-b260-868f441e862b", "NET", net).Replace(`{"server": {"name": "web", ` + c.server + `}}`)
			s.Changes(func() {
				s.Messages(func() {
					s.As("demo").MV(c.mv).Do("POST /servers", body).Expect(c.status).Fault(c.kind, c.message)
				}).Expect()
			}).Expect()
		})
	}
	s.As("reader").Do("POST /servers", `{"server": {"name": "web", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b"}}`).Expect(403)
}
