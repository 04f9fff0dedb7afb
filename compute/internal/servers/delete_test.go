package servers_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestDelete(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Service("compute-1", "nova-compute")
	vm := s.Server(novatest.VM{Volumes: []string{"9a1f3b52-3a19-4d6f-9d1c-0a4cf8f0a001"}})
	var m *novatest.Messages
	s.Changes(func() {
		m = s.Messages(func() { s.As("demo").Do("DELETE /servers/" + vm.UUID).Expect(204) })
	}).Expect(
		`api UPDATE instance_mappings id=1 updated_at=NULL→now queued_for_delete=0→1`,
		`cell1 INSERT instance_actions * action=delete *`,
		`cell1 UPDATE instances id=1 updated_at=*→now task_state=NULL→deleting`)
	m.Expect("cast compute.compute-1 terminate_instance 6.0 bdms=BlockDeviceMappingList/1.18 instance=Instance/2.8")
	if devices := m.Of("terminate_instance", "bdms").Objects("objects"); len(devices) != 1 || devices[0].Text("source_type") != "volume" {
		t.Errorf("told of the devices %v", devices)
	}
	// It is under way: the host is not told again.
	s.Messages(func() { s.As("demo").Do("DELETE /servers/" + vm.UUID).Expect(204) }).Expect()

	locked := s.Server(novatest.VM{LockedBy: "owner"})
	s.As("demo").Do("DELETE /servers/"+locked.UUID).Expect(409).Fault("conflictingRequest", "Instance "+locked.UUID+" is locked")
	s.As("reader").Do("DELETE /servers/" + locked.UUID).Expect(403)
	s.Messages(func() {
		s.As("admin").Do("POST /servers/"+locked.UUID+"/action", `{"forceDelete": null}`).Expect(202)
	}).Expect("cast compute.compute-1 terminate_instance *")
}

func TestDeleteWithoutHost(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for name, vm := range map[string]novatest.VM{
		"of cell0":          {Cell: "cell0", Host: "-", VMState: "error"},
		"on a host of none": {Host: "gone"},
		"offloaded":         {Host: "-", VMState: "shelved_offloaded"},
	} {
		t.Run(name, func(t *testing.T) {
			vm := s.Server(vm)
			s.In(t).Messages(func() { s.In(t).As("demo").Do("DELETE /servers/" + vm.UUID).Expect(204) }).Expect()
			s.In(t).As("demo").Do("GET /servers/" + vm.UUID).Expect(404)
			if got := s.In(t).Value(vm.Cell, "SELECT COUNT(*) FROM instances i JOIN instance_extra e ON e.instance_uuid = i.uuid AND e.deleted = e.id WHERE i.uuid = ? AND i.deleted = i.id AND i.vm_state = 'deleted' AND i.task_state IS NULL", vm.UUID); got != "1" {
				t.Error("its rows are not deleted")
			}
			if got := s.In(t).Value("api", "SELECT queued_for_delete FROM instance_mappings WHERE instance_uuid = ?", vm.UUID); got != "1" && got != "true" {
				t.Errorf("its mapping is queued for delete: %s", got)
			}
		})
	}
}

func TestSoftDelete(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[DEFAULT]\nreclaim_instance_interval = 60"))
	s.Service("compute-1", "nova-compute")
	vm := s.Server(novatest.VM{})
	s.Changes(func() {
		s.Messages(func() { s.As("demo").Do("DELETE /servers/" + vm.UUID).Expect(204) }).Expect("cast compute.compute-1 soft_delete_instance 6.0 instance=Instance/2.8")
	}).Expect(
		`api UPDATE instance_mappings *queued_for_delete=0→1`,
		`cell1 INSERT instance_actions * action=delete *`,
		`cell1 UPDATE instances id=1 updated_at=*→now deleted_at=NULL→now task_state=NULL→soft-deleting`)

	gone := s.Server(novatest.VM{VMState: "soft-delete"})
	action := "POST /servers/" + gone.UUID + "/action"
	s.Messages(func() { s.As("demo").Do(action, `{"restore": null}`).Expect(202) }).Expect("cast compute.compute-1 restore_instance 6.0 instance=Instance/2.8")
	s.As("demo").Do(action, `{"restore": null}`).Expect(409).Fault("conflictingRequest", "Cannot 'restore' instance "+gone.UUID+" while it is in task_state restoring")
	locked := s.Server(novatest.VM{VMState: "soft-delete", LockedBy: "owner"})
	s.As("demo").Do("POST /servers/"+locked.UUID+"/action", `{"restore": null}`).Expect(409).Fault("conflictingRequest", "Instance "+locked.UUID+" is in an invalid state for 'restore'")
}

func TestRestoreWantsQuota(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[quota]\ninstances = 1"))
	s.Server(novatest.VM{})
	gone := s.Server(novatest.VM{VMState: "soft-delete"})
	s.As("demo").Do("POST /servers/"+gone.UUID+"/action", `{"restore": null}`).Expect(403).
		Fault("forbidden", "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances")
}
