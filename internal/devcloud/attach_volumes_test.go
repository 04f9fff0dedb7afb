package devcloud_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestRefusedVolumes(t *testing.T) {
	t.Parallel()
	net := network(t)
	demo, admin := nova{t, net.cloud, net.token}, logIn(t, net.cloud, "admin", "secret", "demo", 201)
	server := demo.boot("2.96", fromCirros+`"networks": "none"`)
	path := "/servers/" + server + "/os-volume_attachments"
	volume := func(more string) string {
		out, _ := as(t, net.cloud, net.token, "POST", "/volume/v3/volumes", `{"volume": {"size": 1`+more+`}}`, 202)
		return onlyOne(t, out, "volume")["id"].(string)
	}
	attach := func(id, more string) string {
		return fmt.Sprintf(`{"volumeAttachment": {"volumeId": %q%s}}`, id, more)
	}
	const byCinder = ` \(HTTP 400\) \(Request-ID: req-[-0-9a-f]{36}\)`
	data := volume("")
	for status, message := range map[string]string{
		"creating": "Volume VOLUME status must be available or downloading to reserve, but the current status is creating.",
		"reserved": "Volume VOLUME status must be available or downloading to reserve, but the current status is reserved.",
		"error": "Volume attachments can not be created if the volume is in an error state. The Volume VOLUME currently has a status of: " +
			"error ",
	} {
		as(t, net.cloud, admin, "POST", "/volume/v3/volumes/"+data+"/action", fmt.Sprintf(`{"os-reset_status": {"status": %q}}`, status), 202)
		message = "Invalid input received: Invalid volume: " + strings.ReplaceAll(message, "VOLUME", data) + byCinder
		demo.refused("2.60", "POST", path, attach(data, ""), 400, message)
	}
	if list := demo.do("2.60", "GET", path, "", 200)["volumeAttachments"].([]any); len(list) != 0 {
		t.Errorf("a refused volume is left: %v", list)
	}
	as(t, net.cloud, admin, "POST", "/volume/v3/volumes/"+data+"/action", `{"os-reset_status": {"status": "available"}}`, 202)

	shareable := volume(`, "multiattach": true`)
	const old = "Multiattach volumes are only supported starting with compute API version 2.60."
	demo.refused("2.59", "POST", path, attach(shareable, ""), 400, old)
	demo.refused("2.59", "POST", "/servers", fmt.Sprintf(`{"server": {"name": "web", "flavorRef": "1", `+fromCirros+`"networks": "none",
		"block_device_mapping_v2": [{"boot_index": 0, "uuid": "70a599e0-31e7-49b7-b260-868f441e862b", "source_type": "image", "destination_type": "local"},
		{"uuid": %q, "source_type": "volume", "destination_type": "volume"}]}}`, shareable), 400, old)
	demo.do("2.60", "POST", path, attach(shareable, ""), 200)

	// A failure of the host is not the client's: the volume is free again.
	ask(t, net.cloud, "POST", "/faults", `{"method": "attach_volume", "message": "no luck"}`, 204)
	demo.do("2.60", "POST", path, attach(data, ""), 200)
	net.cloud.Settle()
	out, _ := as(t, net.cloud, net.token, "GET", "/volume/v3/volumes/"+data, "", 200)
	if list := demo.do("2.60", "GET", path, "", 200)["volumeAttachments"].([]any); len(list) != 1 || onlyOne(t, out, "volume")["status"] != "available" {
		t.Errorf("after a failure: %v, %v", list, out)
	}
}

// Names of devices are compared without their prefix, and have that of the root device.
func TestDeviceNames(t *testing.T) {
	t.Parallel()
	net := network(t)
	demo := nova{t, net.cloud, net.token}
	server := demo.boot("2.96", fromCirros+`"networks": "none"`)
	path := "/servers/" + server + "/os-volume_attachments"
	for _, v := range []struct{ wanted, got, refusal string }{
		{"", "/dev/sdb", ""},
		{"/dev/vdb", "", "The supplied device path (/dev/vdb) is in use."},
		{"/dev/vdd", "/dev/sdd", ""},
		{"/dev/xvda", "", "The supplied device path (/dev/xvda) is in use."},
		{"", "/dev/sdc", ""},
		{"", "/dev/sde", ""},
		{"nope", "", "Invalid input for field/attribute device.*"},
	} {
		out, _ := as(t, net.cloud, net.token, "POST", "/volume/v3/volumes", `{"volume": {"size": 1}}`, 202)
		body := fmt.Sprintf(`{"volumeAttachment": {"volumeId": %q, "device": %q}}`, onlyOne(t, out, "volume")["id"], v.wanted)
		if v.wanted == "" {
			body = fmt.Sprintf(`{"volumeAttachment": {"volumeId": %q}}`, onlyOne(t, out, "volume")["id"])
		}
		if v.refusal != "" {
			status := 409
			if v.wanted == "nope" {
				status = 400
			}
			demo.refused("2.60", "POST", path, body, status, strings.NewReplacer("(", `\(`, ")", `\)`).Replace(v.refusal))
			continue
		}
		if got := onlyOne(t, demo.do("2.60", "POST", path, body, 200), "volumeAttachment")["device"]; got != v.got {
			t.Errorf("%q becomes %v, want %s", v.wanted, got, v.got)
		}
	}

	var listed, shown []string
	for _, v := range demo.do("2.60", "GET", path, "", 200)["volumeAttachments"].([]any) {
		listed = append(listed, v.(map[string]any)["volumeId"].(string))
	}
	for _, v := range onlyOne(t, demo.do("2.60", "GET", "/servers/"+server, "", 200), "server")["os-extended-volumes:volumes_attached"].([]any) {
		shown = append(shown, v.(map[string]any)["id"].(string))
	}
	if len(listed) != 4 || strings.Join(listed, " ") != strings.Join(shown, " ") {
		t.Errorf("the server shows volumes %v, attached in the order %v", shown, listed)
	}

	both := demo.boot("2.96", `"networks": "none", "block_device_mapping_v2": [
		{"boot_index": 0, "uuid": "70a599e0-31e7-49b7-b260-868f441e862b", "source_type": "image", "destination_type": "volume", "volume_size": 1, "device_name": "/dev/vda"},
		{"boot_index": -1, "source_type": "blank", "destination_type": "volume", "volume_size": 1}]`)
	var names []string
	for _, v := range demo.do("2.60", "GET", "/servers/"+both+"/os-volume_attachments", "", 200)["volumeAttachments"].([]any) {
		names = append(names, v.(map[string]any)["device"].(string))
	}
	if strings.Join(names, " ") != "/dev/vda /dev/vdb" {
		t.Errorf("devices %v", names)
	}
}

func TestVolumesOfServersThatMoveAndAreRebuilt(t *testing.T) {
	t.Parallel()
	net := network(t)
	demo, admin := nova{t, net.cloud, net.token}, nova{t, net.cloud, logIn(t, net.cloud, "admin", "secret", "demo", 201)}
	server := demo.boot("2.96", `"networks": "none", "block_device_mapping_v2": [{"boot_index": 0, "uuid": "70a599e0-31e7-49b7-b260-868f441e862b",
		"source_type": "image", "destination_type": "volume", "volume_size": 1, "delete_on_termination": true}]`)
	path := "/servers/" + server
	root := demo.do("2.89", "GET", path+"/os-volume_attachments", "", 200)["volumeAttachments"].([]any)[0].(map[string]any)["volumeId"].(string)
	volume := func() map[string]any {
		out, _ := as(t, net.cloud, net.token, "GET", "/volume/v3/volumes/"+root, "", 200)
		return onlyOne(t, out, "volume")
	}
	_, text := send(t, net.cloud, net.token, "POST", "/image/v2/images", `{"name": "other", "disk_format": "raw", "container_format": "bare"}`, 201)
	image := strings.Split(strings.Split(string(text), `"id":"`)[1], `"`)[0]
	send(t, net.cloud, net.token, "PUT", "/image/v2/images/"+image+"/file", "content", 204)
	const confirm = `{"confirmResize": null}`
	act := func(n nova, version, body string) {
		t.Helper()
		want := 202
		if body == confirm {
			want = 204
		}
		n.do(version, "POST", path+"/action", body, want)
		net.cloud.Settle()
	}
	act(demo, "2.93", fmt.Sprintf(`{"rebuild": {"imageRef": %q}}`, image))
	if v := volume(); onlyOne(t, v, "volume_image_metadata")["image_id"] != image || v["status"] != "in-use" {
		t.Errorf("the rebuilt volume is %v", v)
	}
	act(admin, "2.1", `{"shelve": null}`)
	s := onlyOne(t, demo.do("2.96", "GET", path, "", 200), "server")
	if v := volume(); v["status"] != "reserved" || len(v["attachments"].([]any)) != 0 || s["OS-EXT-AZ:availability_zone"] != "" {
		t.Errorf("the volume of a shelved server in zone %q is %v", s["OS-EXT-AZ:availability_zone"], v)
	}
	act(admin, "2.1", `{"unshelve": null}`)
	for _, move := range []string{"", `{"migrate": null}`, confirm, `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`} {
		if move != "" {
			act(admin, "2.30", move)
		}
		s := onlyOne(t, admin.do("2.96", "GET", path, "", 200), "server")
		held := volume()["attachments"].([]any)
		if len(held) != 1 || held[0].(map[string]any)["host_name"] != s["OS-EXT-SRV-ATTR:host"] || s["OS-EXT-SRV-ATTR:host"] == nil {
			t.Errorf("after %s the server is on %v, its volume %v", move, s["OS-EXT-SRV-ATTR:host"], held)
		}
	}
}
