package attachments_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// TestAttachmentsRead: Nova hands on the word that says whether a volume goes with its
// server, and its services take any word for true.
func TestAttachmentsRead(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.WithCompute())
	for word, goes := range map[string]string{`"false"`: "1", `"0"`: "1", `true`: "1", `false`: "0"} {
		for state, kind := range map[string]novatest.VM{"active": {}, "shelved": {VMState: "shelved_offloaded", Host: "-"}} {
			t.Run(state+" "+word, func(t *testing.T) {
				s := s.In(t)
				vm, id := s.Server(kind), s.Volume()
				s.As("demo").MV("2.79").Do("POST /servers/"+vm.UUID+"/os-volume_attachments", `{"volumeAttachment": {"volumeId": "`+id+`", "delete_on_termination": `+word+`}}`).
					Expect(200).Has(`{"volumeAttachment": {"volumeId": "` + id + `", "delete_on_termination": ` + word + `}}`)
				s.Settle()
				if got := s.Value("cell1", "SELECT delete_on_termination FROM block_device_mapping WHERE volume_id = ?", id); got != goes {
					t.Errorf("delete_on_termination of the device is %s, want %s", got, goes)
				}
			})
		}
	}
	vm, id := s.Attached()
	put := func(members string) *novatest.Response {
		return s.As("demo").MV("2.85").Do("PUT /servers/"+vm+"/os-volume_attachments/"+id, `{"volumeAttachment": {"volumeId": "`+id+`", `+members+`}}`)
	}
	for members, fixed := range map[string]string{`"device": null`: "device", `"device": "/dev/vdz"`: "device", `"tag": "x"`: "tag", `"id": "` + vm + `"`: "id", `"serverId": "` + id + `"`: "serverId"} {
		put(members).Expect(400).Fault("badRequest", "The "+fixed+" property is not mutable")
	}
	put(`"delete_on_termination": "On"`).Expect(202)
	if got := s.Value("cell1", "SELECT delete_on_termination FROM block_device_mapping WHERE volume_id = ?", id); got != "1" {
		t.Errorf("delete_on_termination is %s after it was turned on", got)
	}
	s.Exec("cell1", "UPDATE block_device_mapping SET device_name = NULL WHERE volume_id = ?", id)
	put(`"device": null, "delete_on_termination": "off"`).Expect(202)
}

// TestMultiattachBefore260: older clients do not know of volumes that several servers can
// have.
func TestMultiattachBefore260(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.WithCompute())
	vm := s.Server(novatest.VM{}).UUID
	id := s.Volumes().Do("POST /volumes", `{"volume": {"size": 1, "volume_type": "multiattach"}}`).Expect(202).At("volume", "id")
	attach := func(version string) *novatest.Response {
		return s.As("demo").MV(version).Do("POST /servers/"+vm+"/os-volume_attachments", `{"volumeAttachment": {"volumeId": "`+id+`"}}`)
	}
	s.Changes(func() {
		attach("2.59").Expect(400).Fault("badRequest", "Multiattach volumes are only supported starting with compute API version 2.60.")
		s.Settle()
	}).Expect(`cell1 INSERT block_device_mapping * deleted=1 *`)
	attach("2.60").Expect(200)
}
