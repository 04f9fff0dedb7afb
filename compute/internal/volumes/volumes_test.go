package volumes_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestVolumeProxy(t *testing.T) {
	t.Parallel()
	volume := `{"id": "v1", "status": "in-use", "size": 2, "name": "data", "volume_type": "fast", "metadata": {"a": "b"}, "bootable": "true", "attachments": [{"server_id": "s1", "device": "/dev/vdb"}]}`
	n := novatest.NewStandIn(t, map[string]string{
		"GET /v3/volumes/detail":   `200 {"volumes": [` + volume + `]}`,
		"GET /v3/volumes/v1":       `200 {"volume": ` + volume + `}`,
		"POST /v3/volumes":         `202 {"volume": {"id": "v2", "status": "creating", "size": 3, "attachments": []}}`,
		"DELETE /v3/volumes/v1":    `400 {"badRequest": {"message": "Invalid volume", "code": 400}}`,
		"DELETE /v3/volumes/v2":    `202 `,
		"GET /v3/snapshots/s1":     `200 {"snapshot": {"id": "s1", "status": "available", "size": 3, "volume_id": "v1"}}`,
		"GET /v3/snapshots/detail": `200 {"snapshots": []}`,
		"POST /v3/snapshots":       `413 {"overLimit": {"message": "too many", "code": 413}}`,
	})
	s := novatest.New(t, novatest.Conf("[cinder]\nendpoint_template = "+n.URL+"/v3"))
	demo := s.As("demo")
	shown := `{"id": "v1", "status": "in-use", "size": 2, "displayName": "data", "displayDescription": null, "volumeType": "fast", "snapshotId": null, "createdAt": null, "availabilityZone": null,
		"metadata": {"a": "b"}, "attachments": [{"id": "v1", "volumeId": "v1", "serverId": "s1", "device": "/dev/vdb"}]}`
	demo.Do("GET /os-volumes").Expect(200).JSON(`{"volumes": [` + shown + `]}`)
	demo.Do("GET /os-volumes/v1").Expect(200).JSON(`{"volume": ` + shown + `}`)
	demo.Do("GET /os-volumes/x").Expect(404).Fault("itemNotFound", "Volume x could not be found.")
	demo.MV("2.36").Do("GET /os-volumes").Expect(404)
	demo.Do("POST /os-volumes", `{"volume": {"size": "3", "snapshot_id": "s1"}}`).Expect(200).Has(`{"volume": {"id": "v2", "attachments": [{}]}}`).HasHeader("Location", s.URL+"/v2.1/os-volumes/v2")
	n.Got(t, "POST /v3/volumes", `{"volume": {"snapshot_id": "s1", "size": "3"}}`)
	demo.Do("DELETE /os-volumes/v2").Expect(202)
	demo.Do("DELETE /os-volumes/v1").Expect(400).Fault("badRequest", "Invalid input received: Invalid volume (HTTP 400)")
	demo.Do("GET /os-snapshots/s1").Expect(200).Has(`{"snapshot": {"volumeId": "v1", "size": 3}}`)
	demo.Do("GET /os-snapshots/x").Expect(404).Fault("itemNotFound", "Snapshot x could not be found.")
	demo.Do("GET /os-snapshots").Expect(200).JSON(`{"snapshots": []}`)
	demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "v1", "force": true}}`).Expect(403).Fault("forbidden", "Quota exceeded for resources: snapshots")
	n.Got(t, "POST /v3/snapshots", `{"snapshot": {"volume_id": "v1", "force": true}}`)
	down := novatest.New(t, novatest.Conf("[cinder]\nendpoint_template = http://127.0.0.1:1/v3\nhttp_retries = 0"))
	down.As("demo").Do("GET /os-volumes").Expect(500).Fault("computeFault", "*CinderConnectionFailed*")
}

// TestVolumeProxyValues: what Nova 34.0.0 on MariaDB makes of values of volumes and snapshots that its schemas let
// through and that are not of the type that they should be.
func TestVolumeProxyValues(t *testing.T) {
	t.Parallel()
	n := novatest.NewStandIn(t, map[string]string{
		"POST /v3/volumes":   `202 {"volume": {"id": "v2", "status": "creating", "size": 3, "attachments": []}}`,
		"POST /v3/snapshots": `400 {"badRequest": {"message": "no UUID", "code": 400}}`,
	})
	s := novatest.New(t, novatest.Conf("[cinder]\nendpoint_template = "+n.URL+"/v3"))
	demo := s.As("demo")
	for value, sent := range map[string]string{`3`: `3`, `3.0`: `3.0`, `"3\n"`: `"3\n"`, `9223372036854775808`: `9223372036854775808`} {
		demo.Do("POST /os-volumes", `{"volume": {"size": `+value+`, "metadata": {"a": 1.0}}}`).Expect(200)
		n.Got(t, "POST /v3/volumes", `{"volume": {"size": `+sent+`, "metadata": {"a": 1.0}}}`)
	}
	n.Answer("POST /v3/volumes", `404 {"itemNotFound": {"message": "Volume type with name x could not be found.", "code": 404}}`)
	demo.Do("POST /os-volumes", `{"volume": {"size": 1, "volume_type": "x"}}`).Expect(500).Fault("computeFault", novatest.Unexpected("nova.exception.NotFound"))
	n.Answer("POST /v3/volumes", `400 {"badRequest": {"message": "no", "code": 400}}`)
	demo.Do("POST /os-volumes", `{"volume": {"size": 1}}`).Expect(400).Fault("badRequest", "Invalid input received: no (HTTP 400)")
	demo.Do("POST /os-volumes", `{"volume": {"size": true}}`).Expect(400)
	demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "x"}}`).Expect(500).Fault("computeFault", novatest.Unexpected("nova.exception.InvalidInput"))
	for force, sent := range map[string]string{`true`: "true", `"on"`: "true", `"0"`: "false", `"NO"`: "false"} {
		demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "x", "force": `+force+`}}`).Expect(500)
		n.Got(t, "POST /v3/snapshots", `{"snapshot": {"volume_id": "x", "force": `+sent+`}}`)
	}
	for _, force := range []string{`1`, `"t"`, `"true\n"`, `null`} {
		demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "x", "force": `+force+`}}`).Expect(400)
	}
	n.Answer("POST /v3/snapshots", "")
	demo.Do("POST /os-snapshots", `{"snapshot": {"volume_id": "gone"}}`).Expect(500).Fault("computeFault", novatest.Unexpected("nova.exception.VolumeNotFound"))
	admin := s.As("nova")
	for info, want := range map[string]string{
		`[]`: novatest.Unexpected("TypeError"), `"x"`: novatest.Unexpected("TypeError"), `null`: novatest.Unexpected("TypeError"), `NaN`: novatest.Unexpected("TypeError"),
		`{}`: "'volume_id'", `{"volume_id":"x"} y`: "Extra data: line 1 column 19 (char 18)", ``: "Expecting value: line 1 column 1 (char 0)",
		`{'a':1}`: "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)", `{"a":1 "b":2}`: "Expecting ',' delimiter: line 1 column 8 (char 7)",
		`{"volume_id":5}`: "No volume Block Device Mapping with id 5.",
	} {
		status := 400
		if strings.HasPrefix(want, "Unexpected") {
			status = 500
		}
		admin.Do("DELETE /os-assisted-volume-snapshots/s?delete_info="+url.QueryEscape(info)).Expect(status).Fault(novatest.FaultOf(status), want)
	}
}
