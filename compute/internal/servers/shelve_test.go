package servers_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestUnshelve(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Service("compute-1", "nova-compute")
	vm := s.Server(novatest.VM{VMState: "shelved_offloaded", Host: "-"})
	shelved := s.Server(novatest.VM{VMState: "shelved"})
	unshelve := func(role string, vm novatest.VM, body string) *novatest.Response {
		return s.As(role).MV("2.91").Do("POST /servers/"+vm.UUID+"/action", `{"unshelve": `+body+`}`)
	}
	unshelve("demo", shelved, `{"availability_zone": "nova"}`).Expect(409).
		Fault("conflictingRequest", `Specifying an availability zone or a host when unshelving server "*" with status "shelved" is not supported. The server status must be SHELVED_OFFLOADED.`)
	unshelve("demo", vm, `{"availability_zone": "none"}`).Expect(400).Fault("badRequest", "The requested availability zone is not available")
	unshelve("demo", vm, `{"host": "compute-1"}`).Expect(403)
	unshelve("admin", vm, `{"host": "gone"}`).Expect(400).Fault("badRequest", "Compute host gone could not be found.")
	var m *novatest.Messages
	s.Changes(func() {
		m = s.Messages(func() { unshelve("demo", vm, `{"availability_zone": "nova"}`).Expect(202) })
	}).Expect(
		`api UPDATE request_specs id=1 updated_at=NULL→now spec=*`,
		`cell1 INSERT instance_actions * action=unshelve *`,
		`cell1 UPDATE instances id=1 *task_state=NULL→unshelving`)
	m.Expect("cast conductor unshelve_instance 1.14 instance=Instance/2.8 request_spec=RequestSpec/1.15")
	if spec := m.Of("unshelve_instance", "request_spec"); spec.Text("availability_zone") != "nova" || !spec.Has("id") {
		t.Errorf("the scheduler is told %v", spec.Data)
	}
	offload := "POST /servers/" + shelved.UUID + "/action"
	s.As("demo").Do(offload, `{"shelveOffload": null}`).Expect(403)
	s.Messages(func() { s.As("admin").Do(offload, `{"shelveOffload": null}`).Expect(202) }).
		Expect("cast compute.compute-1 shelve_offload_instance 6.0 accel_uuids=* clean_shutdown=true instance=Instance/2.8")
}

func TestImagesWantTheRightState(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{VMState: "error"})
	for action, body := range map[string]string{"createImage": `{"name": "x"}`, "createBackup": `{"name": "x", "backup_type": "daily", "rotation": 1}`, "shelve": "null"} {
		s.As("demo").Do("POST /servers/"+vm.UUID+"/action", `{"`+action+`": `+body+`}`).Expect(409).
			Fault("conflictingRequest", "Cannot '"+action+"' instance "+vm.UUID+" while it is in vm_state error")
	}
	onVolume := s.Server(novatest.VM{Image: "-"})
	s.As("demo").Do("POST /servers/"+onVolume.UUID+"/action", `{"createBackup": {"name": "x", "backup_type": "daily", "rotation": 1}}`).Expect(400).
		Fault("badRequest", "Backup is not supported for volume-backed instances.")
}
