package servers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/novatest"
)

// The tests of this file are about SQL that databases could read differently; see
// docs/testing.md for those that they run on.

// TestPagesByNullsAndBooleans wants each server on one page, whatever a database
// thinks of NULL and of truth.
func TestPagesByNullsAndBooleans(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for n, name := range []string{"a", "b", "c", "d", "e", "f"} {
		vm := novatest.VM{Name: name}
		if n%2 == 0 {
			vm.LockedBy, vm.KeyName, vm.TaskState = "owner", "key-"+name, "deleting"
		}
		if n > 3 {
			vm.Cell, vm.Host = "cell0", "-"
		}
		s.Server(vm)
	}
	admin := s.As("admin").MV("2.73")
	for _, c := range []struct{ sort, want string }{
		{"sort_key=locked&sort_key=display_name&sort_dir=asc&sort_dir=asc", " b d f a c e"},
		{"sort_key=locked&sort_key=display_name&sort_dir=desc&sort_dir=desc", " e c a f d b"},
		{"sort_key=key_name&sort_key=display_name&sort_dir=asc&sort_dir=asc", " b d f a c e"},
		{"sort_key=key_name&sort_key=display_name&sort_dir=desc&sort_dir=asc", " e c a b d f"},
		{"sort_key=task_state&sort_key=display_name&sort_dir=asc&sort_dir=desc", " f d b e c a"},
		{"sort_key=auto_disk_config&sort_key=display_name&sort_dir=asc&sort_dir=asc", " a b c d e f"},
	} {
		t.Run(c.sort, func(t *testing.T) {
			seen, marker := "", ""
			for range 4 {
				r := admin.In(t).Do("GET /servers?all_tenants=1&limit=2&" + c.sort + marker).Expect(200)
				names := r.Names("servers")
				if names == "" {
					break
				}
				seen += " " + names
				marker = "&marker=" + r.At("servers", fmt.Sprint(strings.Count(names, " ")), "id")
			}
			if seen != c.want {
				t.Errorf("the pages are%s, want%s", seen, c.want)
			}
		})
	}
}

// TestNumbersAndTruthAreFiltered asks for what is no text.
func TestNumbersAndTruthAreFiltered(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Server(novatest.VM{Name: "a", LockedBy: "owner", ConfigDrive: true})
	s.Server(novatest.VM{Name: "b", VMState: "error", PowerState: 4})
	admin := s.As("admin").MV("2.73")
	for query, want := range map[string]string{
		"power_state=4": "b", "power_state=1": "a", "locked=true": "a", "locked=false": "b", "launch_index=0": "b a", "progress=0": "b a",
		"config_drive=True": "a", "flavor=1": "b a", "flavor=2": "", "deleted=true": "", "name=^a$": "a", "name=a|b": "b a", "memory_mb=512": "b a",
	} {
		t.Run(query, func(t *testing.T) {
			if query == "name=a|b" && strings.HasPrefix(s.Connection("nova_api"), "mysql") {
				want = "" // Nova takes it literally there
			}
			if got := admin.In(t).Do("GET /servers?all_tenants=1&" + query).Expect(200).Names("servers"); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestTextsThatNeedCare come back as they were sent.
func TestTextsThatNeedCare(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin").MV("2.61")
	texts := []string{`a'b"c\d`, `\0 ? ?0 %s`, "é\u00e4\n\t"}
	if !strings.HasPrefix(s.Connection("nova_api"), "postgresql") { // it has no NUL, and Nova fails
		texts = append(texts, "x\x00y\x00")
	}
	for _, text := range texts {
		want, err := json.Marshal(map[string]any{"extra_specs": map[string]string{"k": text}})
		if err != nil {
			t.Fatal(err)
		}
		admin.Do("POST /flavors/1/os-extra_specs", string(want)).Expect(200)
		admin.Do("GET /flavors/1/os-extra_specs").Expect(200).JSON(string(want))
	}
}

// TestVolumesOfALivingServer writes and reads block devices, actions and events.
func TestVolumesOfALivingServer(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	id := l.create("web")
	project := novatest.NameID("project", "demo")
	volume := l.As("demo").At("").Do("POST /volume/v3/"+project+"/volumes", `{"volume": {"size": 1, "name": "v"}}`).Expect(202).At("volume", "id")
	place := "/servers/" + id + "/os-volume_attachments"
	l.demo.Do("POST "+place, `{"volumeAttachment": {"volumeId": "`+volume+`", "tag": "t", "delete_on_termination": true}}`).Expect(200)
	l.Settle()
	l.demo.Do("GET " + place).Expect(200).Has(`{"volumeAttachments": [{"volumeId": "` + volume + `", "delete_on_termination": true, "tag": "t"}]}`)
	l.demo.Do("PUT "+place+"/"+volume, `{"volumeAttachment": {"volumeId": "`+volume+`", "delete_on_termination": false}}`).Expect(202)
	l.demo.Do("GET " + place + "/" + volume).Expect(200).Has(`{"volumeAttachment": {"delete_on_termination": false}}`)
	l.is(id, "ACTIVE").Has(`{"server": {"os-extended-volumes:volumes_attached": [{"id": "` + volume + `", "delete_on_termination": false}]}}`)
	l.demo.Do("DELETE " + place + "/" + volume).Expect(202)
	l.Settle()
	l.demo.Do("GET " + place).Expect(200).JSON(`{"volumeAttachments": []}`)
	actions := l.demo.Do("GET /servers/" + id + "/os-instance-actions?limit=1").Expect(200).Has(`{"instanceActions": [{"action": "detach_volume"}]}`)
	newest := actions.At("instanceActions", "0", "request_id")
	l.demo.Do("GET /servers/" + id + "/os-instance-actions?limit=1&marker=" + newest).Expect(200).Has(`{"instanceActions": [{"action": "attach_volume"}]}`)
	l.As("admin").MV("2.96").Do("GET /servers/" + id + "/os-instance-actions/" + newest).Expect(200).Has(`{"instanceAction": {"events": ["*"]}}`)
	l.As("admin").MV("2.96").Do("GET /servers/" + id + "/migrations").Expect(200).JSON(`{"migrations": []}`)
	l.demo.Do("DELETE /servers/" + id).Expect(204)
	l.Settle()
	l.As("admin").MV("2.96").Do("GET /servers/" + id + "/os-instance-actions").Expect(200)
	l.As("admin").MV("2.96").Do("GET /servers?all_tenants=1&deleted=true").Expect(200).Has(`{"servers": [{"id": "` + id + `"}]}`)
}

// TestNamesAreUnique compares host names without their case.
func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[DEFAULT]\nosapi_compute_unique_server_name_scope = project"))
	s.Server(novatest.VM{Hostname: "Web"})
	vm := s.Server(novatest.VM{})
	demo := s.As("demo").MV("2.90")
	demo.Do("PUT /servers/"+vm.UUID, `{"server": {"hostname": "wEB"}}`).Expect(409).Fault("conflictingRequest", "Instance wEB already exists.")
	demo.Do("PUT /servers/"+vm.UUID, `{"server": {"hostname": "webs"}}`).Expect(200)
}

// TestServersThatAreBuilt are changed, counted and put into groups while they have no cell.
func TestServersThatAreBuilt(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	demo := s.As("demo").MV("2.64")
	group := demo.Do("POST /os-server-groups", `{"server_group": {"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 1}}}`).Expect(200).At("server_group", "id")
	id := demo.Do("POST /servers", `{"server": {"name": "new", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "networks": "none"}, "os:scheduler_hints": {"group": "`+group+`"}}`).Expect(202).At("server", "id")
	for range 2 { // the second one changes nothing, and finds it all the same
		demo.Do("PUT /servers/"+id, `{"server": {"name": "other"}}`).Expect(200).Has(`{"server": {"name": "other"}}`)
	}
	demo.Do("GET /os-server-groups/" + group).Expect(200).Has(`{"server_group": {"members": ["` + id + `"]}}`)
	demo.Do("GET /servers?name=other").Expect(200).Has(`{"servers": [{"id": "` + id + `"}]}`)
	demo.Do("GET /limits").Expect(200)
	// Those of one moment are sorted by their requests, as MySQL keeps whole seconds.
	for range 3 {
		demo.Do("POST /servers", `{"server": {"name": "new", "flavorRef": "1", "imageRef": "70a599e0-31e7-49b7-b260-868f441e862b", "networks": "none", "min_count": 3, "max_count": 3}}`).Expect(202)
	}
	s.Exec("api", "UPDATE build_requests SET created_at = '2026-05-01 12:00:00', instance = REPLACE(instance, '\"created_at\"', '\"x\"')")
	if got := demo.Do("GET /servers").Expect(200).Names("servers"); got != "new-3 new-2 new-1 new-3 new-2 new-1 new-3 new-2 new-1 other" {
		t.Errorf("they are %s", got)
	}
	demo.Do("DELETE /servers/" + id).Expect(204)
	demo.Do("GET /servers/" + id).Expect(404)
}

// TestDevicesOfThePCIBus are in what hosts are told.
func TestDevicesOfThePCIBus(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.Service("compute-1", "nova-compute")
	vm := s.Server(novatest.VM{Fault: "boom", SystemMetadata: map[string]string{"x": "y"}})
	s.Insert("cell1", "compute_nodes", map[string]any{"vcpus": 1, "memory_mb": 1, "local_gb": 1, "vcpus_used": 0, "memory_mb_used": 0, "local_gb_used": 0, "hypervisor_type": "fake", "hypervisor_version": 1,
		"cpu_info": "{}", "hypervisor_hostname": "compute-1", "host": "compute-1", "deleted": 0, "uuid": uuid.NewString()})
	s.Insert("cell1", "pci_devices", map[string]any{"compute_node_id": 1, "address": "0000:00:01.0", "vendor_id": "1", "product_id": "2", "dev_type": "type-PCI", "dev_id": "pci_1", "label": "l",
		"status": "allocated", "extra_info": "{}", "instance_uuid": vm.UUID, "request_id": uuid.NewString(), "deleted": 0, "uuid": uuid.NewString()})
	s.Exec("cell1", "UPDATE services SET forced_down = TRUE")
	sent := s.Messages(func() {
		s.As("admin").MV("2.95").Do("POST /servers/"+vm.UUID+"/action", `{"evacuate": {}}`).Expect(200)
	})
	if list := sent.Of("rebuild_instance", "instance").Object("pci_devices").Objects("objects"); len(list) != 1 || list[0].Text("address") != "0000:00:01.0" {
		t.Errorf("the conductor is told of %v", list)
	}
}
