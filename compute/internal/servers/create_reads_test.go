package servers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/versioned"
)

// asked is what the conductor is asked to build, as text: the flavor, the number of
// servers, what they are, the scheduler's hints, and each block device with what is not
// null of it.
func asked(t *testing.T, m *novatest.Messages) string {
	t.Helper()
	var specs, builds []json.RawMessage
	args := m.All[0].Args
	if err := json.Unmarshal(args["request_specs"], &specs); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(args["build_requests"], &builds); err != nil {
		t.Fatal(err)
	}
	parse := func(raw []byte) *versioned.Object {
		v, err := versioned.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	spec, server := parse(specs[0]), parse(builds[0]).Object("instance")
	hints, err := json.Marshal(spec.Data["scheduler_hints"])
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{fmt.Sprintf("%d of flavor %s: %q %s, drive %q, hints %s", len(builds), spec.Object("flavor").Text("flavorid"), server.Text("display_name"),
		server.Text("access_ip_v6"), server.Text("config_drive"), hints)}
	for _, d := range parse(args["block_device_mapping"]).Objects("objects") {
		var parts []string
		for name, value := range d.Data {
			if value != nil && value != false {
				parts = append(parts, fmt.Sprintf("%s=%v", name, value))
			}
		}
		slices.Sort(parts)
		lines = append(lines, strings.Join(parts, " "))
	}
	return strings.Join(lines, "\n")
}

// TestCreateReads: what Nova makes of values that are not of the type that they should
// be, as the schemas let them through.
func TestCreateReads(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.As("admin").Do("PUT /os-quota-sets/"+novatest.NameID("project", "demo"), `{"quota_set": {"instances": -1, "cores": -1, "ram": -1}}`).Expect(200)
	s.As("demo").Do("POST /os-server-groups", `{"server_group": {"name": "g", "policies": ["affinity"]}}`).Expect(200)
	group := s.Value("api", "SELECT uuid FROM instance_groups")
	const (
		image  = "70a599e0-31e7-49b7-b260-868f441e862b"
		one    = `1 of flavor 1: "web" , drive "", hints {}` + "\n"
		two    = `2 of flavor 1: "web-1" , drive "", hints {}` + "\n"
		plain  = `boot_index=0 delete_on_termination=true destination_type=local device_type=disk image_id=IMAGE source_type=image`
		root   = `{"source_type": "image", "destination_type": "local", "uuid": "IMAGE", "boot_index": 0}`
		rooted = `boot_index=0 destination_type=local image_id=IMAGE source_type=image`
		volume = `"source_type": "image", "destination_type": "volume", "uuid": "IMAGE"`
	)
	for _, c := range []struct {
		name, server string // members beside the image and the flavor, unless they are given
		want         string
	}{
		{"flavor with a line feed", `"flavorRef": "1\n"`, one + plain},
		{"flavor with blanks before it", `"flavorRef": " \t1"`, one + plain},
		{"flavor as a number", `"flavorRef": 1`, one + plain},
		{"flavor as a URL", `"flavorRef": "http://cloud:8774/v2.1/flavors/1?x=/2#y"`, one + plain},
		{"flavor as a part of a URL", `"flavorRef": "x-y.z+1:2/1#/2"`, one + plain},

		{"count with a fraction", `"min_count": 2.0, "return_reservation_id": true`, two + plain},
		{"count with an exponent", `"min_count": 1, "max_count": 2e0`, two + plain},
		{"count with a line feed", `"min_count": "2\n"`, two + plain},
		{"name with a line feed", `"name": "other\n"`, strings.Replace(one, "web", "other", 1) + plain},
		{"access address", `"accessIPv6": "2001:DB8:0::1"`, strings.Replace(one, `"web" ,`, `"web" 2001:db8::1,`, 1) + plain},
		{"drive as a word", `"config_drive": "YES"`, strings.Replace(one, `drive ""`, `drive "True"`, 1) + plain},
		{"user data after its padding", `"user_data": "YQ==YQ=="`, one + plain},
		{"user data with too much padding", `"user_data": "YWFh=\n="`, one + plain},
		{"hints of other types", `}, "os:scheduler_hints": {"a": 1, "b": true, "c": [1.5, "x"], "_nova_d": "x"`, strings.Replace(one, "{}", `{"a":["1"],"b":["True"],"c":["1.5","x"]}`, 1) + plain},
		{"hint of a list of one group", `}, "OS-SCH-HNT:scheduler_hints": {"group": ["` + group + `"]`, strings.Replace(one, "{}", `{"group":["`+group+`"]}`, 1) + plain},
		{"no hints of the old name beside others", `}, "os:scheduler_hints": {}, "OS-SCH-HNT:scheduler_hints": {"a": "b"`, one + plain},

		{"boot index with a fraction", `"block_device_mapping_v2": [` + strings.Replace(root, ": 0", ": 0.0", 1) + `]`, one + rooted},
		{"boot index as text", `"block_device_mapping_v2": [` + strings.Replace(root, ": 0", `: "-0\n"`, 1) + `]`, one + rooted},
		{"connection info", `"block_device_mapping_v2": [` + strings.Replace(root, "}", `, "connection_info": "{}"}`, 1) + `]`, one + strings.Replace(rooted, "destination", "connection_info={} destination", 1)},
		{"word for true", `"block_device_mapping_v2": [` + strings.Replace(root, "}", `, "delete_on_termination": "ON"}`, 1) + `]`, one + strings.Replace(rooted, "destination", "delete_on_termination=true destination", 1)},
		{"word for false", `"block_device_mapping_v2": [` + strings.Replace(root, "}", `, "delete_on_termination": "OFF", "no_device": 0.0}`, 1) + `]`, one + rooted},
		{"size as text", `"imageRef": "", "block_device_mapping_v2": [{` + volume + `, "boot_index": 0, "volume_size": "1\n"}]`,
			one + `boot_index=0 destination_type=volume image_id=IMAGE source_type=image volume_size=1`},

		// No device is made of anything, and little of it is checked.
		{"no device", `"imageRef": "", "block_device_mapping_v2": [{` + volume + `, "boot_index": 0, "volume_size": 1, "no_device": true}]`,
			one + `boot_index=0 destination_type=volume no_device=true source_type=image volume_size=1`},
		{"no device by a word", `"imageRef": "", "block_device_mapping_v2": [{` + volume + `, "boot_index": "0", "no_device": "false", "delete_on_termination": "false"}]`,
			one + `boot_index=0 delete_on_termination=true destination_type=volume no_device=true source_type=image`},
		{"no device by a list, with a size that has a fraction", `"imageRef": "", "block_device_mapping_v2": [{` + volume + `, "boot_index": 0, "volume_size": 1.0, "no_device": [0], "device_name": "vdz"}]`,
			one + `boot_index=0 destination_type=volume device_name=/dev/vdz no_device=true source_type=image volume_size=1`},
		{"blank no device with an id", `"block_device_mapping_v2": [` + root + `, {"source_type": "blank", "destination_type": "local", "uuid": "x", "no_device": 1}]`,
			one + rooted + "\n" + `destination_type=local no_device=true source_type=blank`},
		{"no device of the first form", `"block_device_mapping": [{"device_name": "vdb", "no_device": {"a": 1}, "delete_on_termination": "false", "volume_size": "1"}]`,
			one + plain + "\n" + `device_name=/dev/vdb no_device=true volume_size=1`},
		{"connection info of the first form", `"block_device_mapping": [{"virtual_name": "ephemeral0\n", "device_name": "/dev/vdb", "connection_info": "{}"}]`,
			one + plain + "\n" + `boot_index=-1 connection_info={} delete_on_termination=true destination_type=local device_name=/dev/vdb source_type=blank`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.In(t)
			members := strings.Replace(`"name": "web", "flavorRef": "1", "imageRef": "IMAGE", "networks": "none", `+c.server, ", }", "}", 1)
			body := strings.ReplaceAll(`{"server": {`+members+`}}`, "IMAGE", image)
			m := s.Messages(func() { s.As("demo").MV("2.37").Do("POST /servers", body).Expect(202) })
			if got, want := asked(t, m), strings.ReplaceAll(c.want, "IMAGE", image); got != want {
				t.Errorf("asked for is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestCreateReturnsReservation: any word is true.
func TestCreateReturnsReservation(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for value, reservation := range map[string]bool{`true`: true, `"False"`: true, `"0"`: true, `false`: false} {
		r := s.As("demo").MV("2.37").Do("POST /servers", `{"server": {"name": "web", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "networks": "none", "return_reservation_id": `+value+`}}`).Expect(202)
		if want := map[bool]string{true: `{"reservation_id": "*"}`, false: `{"server": {"id": "*"}}`}[reservation]; novatest.Match(r.Body, want, true) != "" {
			t.Errorf("return_reservation_id %s answers %s", value, r.Body)
		}
	}
}

// TestCreateFromForbiddenImage creates and rebuilds servers with an image that Glance does not show to the caller's token, such
// as that of an application credential whose access rules do not name Glance.
func TestCreateFromForbiddenImage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		glance, create, rebuild int
		created, rebuilt        string
	}{
		{401, 400, 500, "Not authorized for image IMAGE.", "Unexpected API Error. Please contact the administrator\n<class 'nova.exception.ImageNotAuthorized'>"},
		{403, 400, 500, "Not authorized for image IMAGE.", "Unexpected API Error. Please contact the administrator\n<class 'nova.exception.ImageNotAuthorized'>"},
		{400, 400, 400, "Request of image IMAGE got BadRequest response: HTTP 400 Bad Request: no", "Request of image IMAGE got BadRequest response: HTTP 400 Bad Request: no"},
	} {
		glance := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", c.glance) }))
		defer glance.Close()
		s := novatest.New(t, novatest.Conf("[glance]\nendpoint_override = "+glance.URL))
		text := func(text string) string { return strings.ReplaceAll(text, "IMAGE", novatest.Image) }
		name := map[int]string{400: "badRequest", 500: "computeFault"}
		s.As("demo").MV("2.37").Do("POST /servers", `{"server": {"name": "vm", "flavorRef": "1", "imageRef": "`+novatest.Image+`", "networks": "none"}}`).
			Expect(c.create).Fault("badRequest", text(c.created))
		s.As("demo").Do(s.Server(novatest.VM{}).Action(), `{"rebuild": {"imageRef": "`+novatest.Image+`"}}`).
			Expect(c.rebuild).Fault(name[c.rebuild], text(c.rebuilt))
	}
}
