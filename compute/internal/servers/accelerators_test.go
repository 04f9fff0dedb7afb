package servers_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// accelerated is a server with a device of Cyborg, by its flavor.
func accelerated(s *novatest.Stack, vm novatest.VM) novatest.VM {
	vm = s.Server(vm)
	s.Exec("cell1", `UPDATE instance_extra SET flavor = REPLACE(flavor, '"hw:cpu_policy":"shared"', '"accel:device_profile":"gpu"') WHERE instance_uuid = ?`, vm.UUID)
	return vm
}

func TestAccelerators(t *testing.T) {
	t.Parallel()
	n := novatest.NewStandIn(t, map[string]string{
		"GET /v2/device_profiles":         `200 {"device_profiles": [{"groups": [{"resources:FPGA": "2", "trait:CUSTOM_FAST": "required", "accel:x": "y"}]}]}`,
		"GET /v2/accelerator_requests":    `200 {"arqs": [{"uuid": "a1"}, {"uuid": "a2"}]}`,
		"DELETE /v2/accelerator_requests": `204 `,
	})
	s := novatest.New(t, novatest.Conf("[cyborg]\nendpoint_override = "+n.URL+"/v2"))
	demo, admin := s.As("demo").MV("2.37"), s.As("admin")
	image := s.Server(novatest.VM{}).Image
	admin.Do("POST /flavors", `{"flavor": {"id": "gpu", "name": "gpu", "vcpus": 1, "ram": 64, "disk": 1}}`).Expect(200)
	admin.Do("POST /flavors/gpu/os-extra_specs", `{"extra_specs": {"accel:device_profile": "gpu"}}`).Expect(200)
	create := func() *novatest.Response {
		return demo.Do("POST /servers", `{"server": {"name": "x", "flavorRef": "gpu", "imageRef": "`+image+`", "networks": "none"}}`)
	}
	m := s.Messages(func() { create().Expect(202) })
	specs := string(m.All[0].Args["request_specs"])
	for _, want := range []string{`"requested_resources":[{"nova_object.name":"RequestGroup"`, `"resources":{"FPGA":2}`, `"requester_id":"device_profile_0"`, `"required_traits":["CUSTOM_FAST"]`} {
		if !strings.Contains(specs, want) {
			t.Errorf("the scheduler is told %s, want %s", specs, want)
		}
	}
	s.Service("compute-1", "nova-compute")
	vm := accelerated(s, novatest.VM{VMState: "shelved"})
	m = s.Messages(func() { admin.Do("POST /servers/"+vm.UUID+"/action", `{"shelveOffload": null}`).Expect(202) })
	m.Expect("cast compute.compute-1 shelve_offload_instance 6.0 accel_uuids=* clean_shutdown=true instance=Instance/2.8")
	if got := string(m.All[0].Args["accel_uuids"]); got != `["a1","a2"]` {
		t.Errorf("accelerators are %s", got)
	}
	gone := accelerated(s, novatest.VM{Host: "nosuch"})
	demo.Do("DELETE /servers/" + gone.UUID).Expect(204)
	if !n.Asked("DELETE /v2/accelerator_requests") {
		t.Error("the accelerators of a server that its host does not delete stay")
	}
	for answer, message := range map[string]string{
		`200 {"device_profiles": []}`:       "Expected 1 device profile but got nothing.",
		`200 {"device_profiles": [{}, {}]}`: "Expected 1 device profile but got 2.",
		`500 {}`:                            "Invalid response from Cyborg: <Response [500]>",
	} {
		n.Answer("GET /v2/device_profiles", answer)
		create().Expect(400).Fault("badRequest", "Device profile name gpu: "+message)
	}
	n.Answer("DELETE /v2/accelerator_requests", `500 {}`)
	gone = accelerated(s, novatest.VM{Host: "nosuch"})
	demo.Do("DELETE /servers/" + gone.UUID).Expect(204) // left to the operator
	demo.Do("GET /servers/" + gone.UUID).Expect(404)
}

// TestEventsOfSeveralCells tells each host of its own servers, in whatever cell, and
// both ends of a move.
func TestEventsOfSeveralCells(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	one, two, moving := s.Server(novatest.VM{Host: "compute-1"}), s.Server(novatest.VM{Host: "compute-2", Cell: "cell0"}), s.Server(novatest.VM{Host: "compute-1"})
	s.Insert("cell1", "migrations", map[string]any{"uuid": "5fa3c8a6-6f0e-4f0e-9d5b-0d0f3e9a1c11", "instance_uuid": moving.UUID, "source_compute": "compute-1", "dest_compute": "compute-3",
		"status": "migrating", "migration_type": "resize", "cross_cell_move": true, "hidden": false, "deleted": 0})
	s.Insert("api", "host_mappings", map[string]any{"host": "compute-3", "cell_id": s.Value("api", "SELECT id FROM cell_mappings WHERE name = 'cell0'")})
	s.Exec("cell1", "UPDATE instance_extra SET migration_context = ? WHERE instance_uuid = ?", `{"nova_object.name": "MigrationContext", "nova_object.namespace": "nova", "nova_object.version": "1.2",
		"nova_object.changes": [], "nova_object.data": {"instance_uuid": "`+moving.UUID+`", "migration_id": 1, "new_numa_topology": null, "old_numa_topology": null, "new_pci_devices": null,
		"old_pci_devices": null, "new_pci_requests": null, "old_pci_requests": null, "new_resources": null, "old_resources": null}}`, moving.UUID)
	event := func(vm novatest.VM, name string) string {
		return `{"name": "` + name + `", "server_uuid": "` + vm.UUID + `", "tag": "t"}`
	}
	m := s.Messages(func() {
		s.As("admin").Do("POST /os-server-external-events", `{"events": [`+event(two, "network-changed")+`, `+event(one, "network-changed")+`, `+event(moving, "network-vif-plugged")+`, `+event(two, "network-vif-plugged")+`]}`).
			Expect(200).Has(`{"events": [{"code": 200}, {"code": 200}, {"code": 200}, {"code": 200}]}`)
	})
	m.Expect("cast compute-alt.compute-1 external_instance_event 6.0 events=* instances=*", "cast compute-alt.compute-2 external_instance_event 6.0 events=* instances=*",
		"cast compute-alt.compute-3 external_instance_event 6.0 events=* instances=*")
	for n, want := range [][]novatest.VM{{one, moving}, {two}, {moving}} {
		told := string(m.All[n].Args["instances"])
		for _, vm := range []novatest.VM{one, two, moving} {
			is := false
			for _, w := range want {
				is = is || w.UUID == vm.UUID
			}
			if strings.Contains(told, `"uuid":"`+vm.UUID+`"`) != is {
				t.Errorf("host %d is told %s of %s", n+1, told, vm.Name)
			}
		}
	}
}

// TestImageOfVolumes makes an image of a server that boots from a volume: snapshots
// of its volumes, and nothing else of these.
func TestImageOfVolumes(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	demo := s.As("demo").MV("2.45")
	id := demo.At("/volume/v3/"+novatest.NameID("project", "demo")).Do("POST /volumes", `{"volume": {"name": "root", "size": 1}}`).Expect(202).At("volume", "id")
	vm := s.Server(novatest.VM{Image: "-", VMState: "stopped", Volumes: []string{id}})
	s.Exec("cell1", "UPDATE block_device_mapping SET boot_index = 0, source_type = 'image', image_id = ?, volume_size = 1, tag = 'mine', encrypted = FALSE", "70a599e0-31e7-49b7-b260-868f441e862b")
	image := demo.Do("POST /servers/"+vm.UUID+"/action", `{"createImage": {"name": "i"}}`).Expect(202).At("image_id")
	kept := demo.At("/image").Do("GET /v2/images/" + image).Expect(200)
	mapping := kept.At("block_device_mapping")
	want := `[{"source_type": "snapshot", "destination_type": "volume", "snapshot_id": "*", "boot_index": 0, "device_name": "/dev/vdb", "volume_size": 1, "delete_on_termination": false,
		"disk_bus": null, "device_type": null, "volume_id": null, "image_id": null, "tag": null, "encrypted": null, "no_device": null, "guest_format": null, "volume_type": null,
		"encryption_secret_uuid": null, "encryption_format": null, "encryption_options": null}]`
	if p := novatest.Match([]byte(mapping), want, false); p != "" {
		t.Errorf("%s in %s", p, mapping)
	}
}
