package servers_test

import (
	"slices"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestReboot(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{Name: "web"})
	action := "POST /servers/" + vm.UUID + "/action"

	var sent *novatest.Messages
	changed := s.Changes(func() {
		sent = s.Messages(func() { s.As("demo").Do(action, `{"reboot": {"type": "SOFT"}}`).Expect(202) })
	})
	changed.Expect(
		`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=reboot instance_uuid=`+vm.UUID+` request_id=req-* user_id=* project_id=* start_time=now deleted=0`,
		`cell1 UPDATE instances id=1 updated_at=*→now task_state=NULL→rebooting`)
	sent.Expect("cast compute.compute-1 reboot_instance 6.0 block_device_info=null instance=Instance/2.8 reboot_type=SOFT")
	instance := sent.Of("reboot_instance", "instance")
	if instance.Text("task_state") != "rebooting" || !instance.Has("flavor") || instance.Has("tags") || !slices.Equal(instance.Changes, []string{"flavor"}) ||
		!slices.Equal(sent.Of("reboot_instance", "instance").Object("flavor").Changes, []string{"extra_specs"}) {
		t.Errorf("the host is told of %v, changes %v", instance.Data, instance.Changes)
	}

	s.As("demo").Do(action, `{"reboot": {"type": "SOFT"}}`).Expect(409).
		Has(`{"conflictingRequest": {"message": "Cannot 'reboot' instance ` + vm.UUID + ` while it is in task_state rebooting"}}`)
	s.Messages(func() { s.As("demo").Do(action, `{"reboot": {"type": "HARD"}}`).Expect(202) }).Expect("cast compute.compute-1 reboot_instance * reboot_type=HARD")
}

func TestPowerWantsTheRightState(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for _, c := range []struct {
		name, role, body, want string
		vm                     novatest.VM
	}{
		{"stop of a stopped", "demo", `{"os-stop": null}`, "Cannot 'stop' instance * while it is in vm_state stopped", novatest.VM{VMState: "stopped"}},
		{"start of an active", "demo", `{"os-start": null}`, "Cannot 'start' instance * while it is in vm_state active", novatest.VM{}},
		{"pause while busy", "admin", `{"pause": null}`, "Cannot 'pause' instance * while it is in task_state resizing", novatest.VM{TaskState: "resizing"}},
		{"locked", "demo", `{"os-stop": null}`, "Instance * is locked", novatest.VM{LockedBy: "owner"}},
		{"locked comes first", "demo", `{"os-start": null}`, "Instance * is locked", novatest.VM{LockedBy: "owner"}},
		{"without a host", "demo", `{"os-stop": null}`, "Instance * is not ready", novatest.VM{Host: "-"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vm := s.Server(c.vm)
			s.In(t).Changes(func() {
				s.In(t).Messages(func() {
					s.In(t).As(c.role).Do("POST /servers/"+vm.UUID+"/action", c.body).Expect(409).Has(`{"conflictingRequest": {"message": "` + c.want + `"}}`)
				}).Expect()
			}).Expect()
		})
	}
	for _, id := range []string{"8c9e91ef-2f97-45ec-9037-6b6db0918e4b", "x"} {
		for _, body := range []string{`{"os-start": null}`, `{"os-stop": null}`, `{"trigger_crash_dump": null}`} {
			s.As("demo").MV("2.17").Do("POST /servers/"+id+"/action", body).Expect(404).Fault("itemNotFound", "Instance "+id+" has no mapping to a cell.")
		}
		s.As("demo").Do("POST /servers/"+id+"/action", `{"pause": null}`).Expect(404).Fault("itemNotFound", "Instance "+id+" could not be found.")
	}
	gone := s.Server(novatest.VM{Deleted: true})
	s.As("demo").Do("POST /servers/"+gone.UUID+"/action", `{"os-start": null}`).Expect(404).Fault("itemNotFound", "Instance "+gone.UUID+" could not be found.")
	vm := s.Server(novatest.VM{})
	s.As("reader").Do("POST /servers/"+vm.UUID+"/action", `{"os-stop": null}`).Expect(403)
	locked := s.Server(novatest.VM{LockedBy: "owner"})
	s.As("admin").Do("POST /servers/"+locked.UUID+"/action", `{"os-stop": null}`).Expect(202)
}
