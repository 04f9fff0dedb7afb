package volumes_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestAssistedVolumeSnapshots(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin")
	volume := "0f1c2d3e-0000-4000-8000-00000000000b"
	create := `{"snapshot": {"volume_id": "` + volume + `", "create_info": {"snapshot_id": "s1", "type": "qcow2", "new_file": "f", "id": "x"}}}`
	s.As("demo").Do("POST /os-assisted-volume-snapshots", create).Expect(403)
	admin.Do("POST /os-assisted-volume-snapshots", create).Expect(400).Fault("badRequest", "No volume Block Device Mapping with id "+volume+".")
	vm := s.Server(novatest.VM{Volumes: []string{volume}})
	m := s.Messages(func() {
		admin.Do("POST /os-assisted-volume-snapshots", create).Expect(200).JSON(`{"snapshot": {"id": "x", "volumeId": "` + volume + `"}}`)
	})
	m.Expect("cast compute.compute-1 volume_snapshot_create 6.0 create_info=* instance=Instance/2.8 volume_id=" + volume)
	if i := m.Of("volume_snapshot_create", "instance"); i.Text("uuid") != vm.UUID || i.Has("info_cache") || i.Has("metadata") {
		t.Errorf("told of %v", i.Data)
	}
	del := "DELETE /os-assisted-volume-snapshots/s1?delete_info="
	s.Messages(func() {
		admin.Do(del + "%7B%22volume_id%22%3A%22" + volume + "%22%7D").Expect(204)
	}).Expect(`cast compute.compute-1 volume_snapshot_delete 6.0 delete_info={"volume_id":"` + volume + `"} instance=Instance/2.8 snapshot_id=s1 volume_id=` + volume)
	admin.Do("DELETE /os-assisted-volume-snapshots/s1").Expect(400).Fault("badRequest", "'delete_info'")
	admin.Do(del+"xyz").Expect(400).Fault("badRequest", "Expecting value: line 1 column 1 (char 0)")
	admin.Do(del+"nope").Expect(400).Fault("badRequest", "Expecting value: line 1 column 1 (char 0)")
	admin.Do(del+"%7B%22a%22:%20%22%C3%A9%22,%0A%20b%7D").Expect(400).
		Fault("badRequest", "Expecting property name enclosed in double quotes: line 2 column 2 (char 12)")
	admin.Do(del+"%7B%7D").Expect(400).Fault("badRequest", "'volume_id'")
	s.Exec("cell1", "UPDATE instances SET vm_state = 'stopped'")
	admin.Do(del+"%7B%22volume_id%22%3A%22"+volume+"%22%2C%22merge_target_file%22%3A%22b%22%7D").Expect(400).
		Fault("badRequest", "Cannot 'volume_snapshot_delete' instance "+vm.UUID+" while it is in vm_state stopped")
	s.Exec("cell1", "UPDATE instances SET host = NULL")
	admin.Do("POST /os-assisted-volume-snapshots", create).Expect(400).Fault("badRequest", "Instance "+vm.UUID+" is not ready")
	s.Server(novatest.VM{Volumes: []string{volume}})
	admin.Do("POST /os-assisted-volume-snapshots", create).Expect(400).Fault("badRequest", "Block Device Mapping "+volume+" is a multi-attach volume and is not valid for this operation.")
}
