package servers_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/rpc"
	"github.com/nova-go/nova/internal/versioned"
)

// answer lets compute-1 answer each call with the result, or the error.
func answer(t *testing.T, s *novatest.Stack, result any, err error) {
	t.Helper()
	t.Cleanup(s.Broker.Handle("compute", "compute-1", func(context.Context, *rpc.Request) (any, error) { return result, err }))
}

func TestRescue(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	action := "POST /servers/" + vm.UUID + "/action"
	m := s.Messages(func() {
		s.As("demo").Do(action, `{"rescue": {"adminPass": "secret"}}`).Expect(200).JSON(`{"adminPass": "secret"}`)
	})
	m.Expect("cast compute.compute-1 rescue_instance 6.0 clean_shutdown=true instance=Instance/2.8 rescue_image_ref=null rescue_password=*")
	s.As("demo").Do(action, `{"rescue": {}}`).Expect(409).Fault("conflictingRequest", "Cannot 'rescue' instance "+vm.UUID+" while it is in task_state rescuing")
	other := s.Server(novatest.VM{})
	s.As("demo").Do("POST /servers/"+other.UUID+"/action", `{"rescue": {"rescue_image_ref": "8c9e91ef-2f97-45ec-9037-6b6db0918e4b"}}`).Expect(400).
		Fault("badRequest", "Requested rescue image '8c9e91ef-2f97-45ec-9037-6b6db0918e4b' is not supported")
	rescued := s.Server(novatest.VM{VMState: "rescued"})
	s.Messages(func() {
		s.As("demo").Do("POST /servers/"+rescued.UUID+"/action", `{"unrescue": null}`).Expect(202)
	}).Expect("cast compute.compute-1 unrescue_instance 6.0 instance=Instance/2.8")
}

func TestDiagnostics(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	answer(t, s, map[string]any{"nova_object.name": "Diagnostics", "nova_object.namespace": "nova", "nova_object.version": "1.0",
		"nova_object.data": map[string]any{"state": "running", "disk_details": []any{}, "cpu_details": []any{}, "nic_details": []any{}}}, nil)
	s.As("admin").MV("2.48").Do("GET /servers/" + vm.UUID + "/diagnostics").Expect(200).
		Has(`{"state": "running", "driver": null, "disk_details": [], "memory_details": {"maximum": null, "used": null}}`)
	s.As("demo").MV("2.48").Do("GET /servers/" + vm.UUID + "/diagnostics").Expect(403)
}

func TestDiagnosticsOfTheWrongState(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	answer(t, s, nil, &rpc.RemoteError{Class: "InstanceInvalidState", Module: "nova.exception", Message: "no", Kwargs: json.RawMessage(`{"attr": "power state", "state": "shutdown"}`)})
	s.As("admin").Do("GET /servers/"+vm.UUID+"/diagnostics").Expect(409).
		Fault("conflictingRequest", "Cannot 'get_diagnostics' instance "+vm.UUID+" while it is in power state shutdown")
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	answer(t, s, nil, &rpc.RemoteError{Class: "SetAdminPasswdNotSupported", Module: "nova.exception", Message: "Set admin password is not supported"})
	s.As("demo").Do("POST /servers/"+vm.UUID+"/action", `{"changePassword": {"adminPass": "x"}}`).Expect(409).
		Fault("conflictingRequest", "Set admin password is not supported")
	locked := s.Server(novatest.VM{LockedBy: "owner"})
	s.As("demo").Do("POST /servers/"+locked.UUID+"/action", `{"changePassword": {"adminPass": "x"}}`).Expect(409).
		Fault("conflictingRequest", "Instance "+locked.UUID+" is in an invalid state for 'changePassword'")
}

func TestAttachInterfaceFails(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	for _, c := range []struct{ class, module, message string }{
		{"InterfaceAttachFailed", "nova.exception", "Failed to attach network adapter device to " + vm.UUID},
		{"Conflict", "neutronclient.common.exceptions", novatest.Unexpected("oslo_messaging.rpc.client.RemoteError")},
		{"VirtualInterfaceCreateException", "nova.exception", novatest.Unexpected("nova.exception_Remote.VirtualInterfaceCreateException_Remote")},
		{"KeyError", "builtins", novatest.Unexpected("KeyError")},
	} {
		t.Run(c.class, func(t *testing.T) {
			s := s.In(t)
			answer(t, s, nil, &rpc.RemoteError{Class: c.class, Module: c.module, Message: "Failed to attach network adapter device to " + vm.UUID})
			s.As("demo").Do("POST /servers/"+vm.UUID+"/os-interface", `{}`).Expect(500).Fault("computeFault", c.message)
		})
	}
}

func TestExternalEvents(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	here, nowhere := s.Server(novatest.VM{}), s.Server(novatest.VM{Host: "-"})
	const unknown = "8c9e91ef-2f97-45ec-9037-6b6db0918e4b"
	events := "POST /os-server-external-events"
	var m *novatest.Messages
	s.Changes(func() {
		m = s.Messages(func() {
			s.As("admin").MV("2.76").Do(events, `{"events": [{"name": "network-changed", "server_uuid": "`+here.UUID+`", "tag": "p"}, {"name": "power-update", "server_uuid": "`+here.UUID+`", "tag": "POWER_ON"}]}`).
				Expect(200).Has(`{"events": [{"code": 200, "status": "completed", "tag": "p"}, {"code": 200}]}`)
		})
	}).Expect(`cell1 INSERT instance_actions * action=start *`)
	m.Expect("cast compute-alt.compute-1 external_instance_event 6.0 events=* instances=*")
	s.Messages(func() {
		s.As("admin").MV("2.76").Do(events, `{"events": [{"name": "network-changed", "server_uuid": "`+nowhere.UUID+`"}, {"name": "network-changed", "server_uuid": "`+unknown+`"},
			{"name": "volume-extended", "server_uuid": "`+here.UUID+`"}]}`).Expect(207).
			Has(`{"events": [{"code": 422, "status": "failed"}, {"code": 404, "status": "failed"}, {"code": 400, "status": "failed"}]}`)
	}).Expect()
	deleted := s.Server(novatest.VM{Deleted: true}) // its row is still there
	s.Exec("cell1", "UPDATE instance_info_caches SET deleted = id, deleted_at = created_at WHERE instance_uuid = ?", deleted.UUID)
	m = s.Messages(func() {
		s.As("admin").Do(events, `{"events": [{"name": "network-changed", "server_uuid": "`+deleted.UUID+`"}]}`).Expect(200).
			JSON(`{"events": [{"code": 200, "name": "network-changed", "server_uuid": "` + deleted.UUID + `", "status": "completed"}]}`)
	})
	m.Expect("cast * external_instance_event 6.0 events=* instances=*")
	var told []json.RawMessage
	if err := json.Unmarshal(m.All[0].Args["instances"], &told); err != nil {
		t.Fatal(err)
	}
	if v, err := versioned.Parse(told[0]); err != nil || !v.Bool("deleted") || !v.Object("info_cache").Bool("deleted") {
		t.Errorf("the host is told that the server is there: %v, %s", err, told[0])
	}
	s.As("demo").Do(events, `{"events": [{"name": "network-changed", "server_uuid": "`+here.UUID+`"}]}`).Expect(403)
}
