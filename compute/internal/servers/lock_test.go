package servers_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestLock(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	action := "POST /servers/" + vm.UUID + "/action"
	demo, admin := s.As("demo").MV("2.73"), s.As("admin").MV("2.73")
	s.Changes(func() {
		s.Messages(func() { demo.Do(action, `{"lock": {"locked_reason": "mine"}}`).Expect(202) }).Expect()
	}).Expect(
		`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=lock *`,
		`cell1 INSERT instance_actions_events id=1 created_at=now updated_at=now event=api_lock action_id=1 start_time=now finish_time=now result=Success deleted=0 host=*`,
		`cell1 INSERT instance_system_metadata id=1 created_at=now instance_uuid=`+vm.UUID+` key=locked_reason value=mine deleted=0`,
		`cell1 UPDATE instances id=1 updated_at=*→now locked=0→1 locked_by=NULL→owner`)
	s.Changes(func() { demo.Do(action, `{"lock": null}`).Expect(202) }).Expect() // the owner's lock stays as it is

	admin.Do(action, `{"lock": null}`).Expect(202)
	if by := s.Value("cell1", "SELECT locked_by FROM instances"); by != "admin" {
		t.Errorf("locked by %s", by)
	}
	demo.Do(action, `{"unlock": null}`).Expect(403).Fault("forbidden", "Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed.")
	s.Changes(func() { admin.Do(action, `{"unlock": null}`).Expect(202) }).Expect(
		`cell1 INSERT instance_actions * action=unlock *`,
		`cell1 INSERT instance_actions_events * event=api_unlock *`,
		`cell1 DELETE instance_system_metadata id=1`,
		`cell1 UPDATE instances id=1 *locked=1→0 locked_by=admin→NULL`)
	s.As("reader").Do(action, `{"lock": null}`).Expect(403)
	s.As("demo").MV("2.72").Do(action, `{"lock": {"locked_reason": "early"}}`).Expect(202)
	demo.Do("GET /servers/" + vm.UUID).Expect(200).Has(`{"server": {"locked": true, "locked_reason": null}}`)
}

func TestSuspend(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	m := s.Messages(func() { s.As("demo").Do("POST /servers/"+vm.UUID+"/action", `{"suspend": null}`).Expect(202) })
	m.Expect("cast compute.compute-1 suspend_instance 6.0 instance=Instance/2.8")
	if i := m.Of("suspend_instance", "instance"); i.Text("task_state") != "suspending" || !i.Has("flavor") || i.Has("numa_topology") {
		t.Errorf("told of %v", i.Data)
	}
	suspended := s.Server(novatest.VM{VMState: "suspended"})
	m = s.Messages(func() {
		s.As("demo").Do("POST /servers/"+suspended.UUID+"/action", `{"resume": null}`).Expect(202)
	})
	m.Expect("cast compute.compute-1 resume_instance *")
	if m.Of("resume_instance", "instance").Has("flavor") {
		t.Error("resume tells the flavor, which Nova does not load for it")
	}
	shared := s.Server(novatest.VM{})
	s.Insert("cell1", "share_mapping", map[string]any{"uuid": vm.UUID, "instance_uuid": shared.UUID, "share_id": vm.UUID, "status": "active", "tag": "t", "export_location": "x", "share_proto": "NFS"})
	s.As("demo").Do("POST /servers/"+shared.UUID+"/action", `{"suspend": null}`).Expect(409).Fault("conflictingRequest", "Feature not supported with instances that have shares.")
	s.As("demo").Do("POST /servers/"+shared.UUID+"/action", `{"rebuild": {"imageRef": "`+vm.UUID+`"}}`).Expect(400).Fault("badRequest", "Feature not supported with instances that have shares.")
}

func TestResetState(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{TaskState: "rebooting"})
	action := "POST /servers/" + vm.UUID + "/action"
	s.As("demo").Do(action, `{"os-resetState": {"state": "error"}}`).Expect(403)
	s.Changes(func() { s.As("admin").Do(action, `{"os-resetState": {"state": "error"}}`).Expect(202) }).Expect(
		`cell1 INSERT instance_actions * updated_at=now action=resetState * finish_time=now *`,
		`cell1 UPDATE instances id=1 updated_at=*→now vm_state=active→error task_state=rebooting→NULL`)
}
