package migrations_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
	"github.com/nova-go/nova/internal/rpc"
)

func TestResize(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.ComputeHost("compute-1")
	vm := s.Server(novatest.VM{SystemMetadata: map[string]string{"image_min_ram": "0", "image_disk_format": "raw"}})
	var sent *novatest.Messages
	s.Changes(func() {
		sent = s.Messages(func() {
			s.As("demo").Do(vm.Action(), `{"resize": {"flavorRef": "2", "OS-DCF:diskConfig": "MANUAL"}}`).Expect(202)
		})
	}).Expect(
		`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=resize instance_uuid=`+vm.UUID+` request_id=req-* user_id=* project_id=* start_time=now deleted=0`,
		`cell1 INSERT instance_system_metadata id=3 created_at=now instance_uuid=`+vm.UUID+` key=image_base_image_ref value=`+vm.Image+` deleted=0`,
		`cell1 UPDATE instances id=1 updated_at=*→now task_state=NULL→resize_prep auto_disk_config=1→0`)
	sent.Expect(`cast conductor migrate_server 1.20 block_migration=null clean_shutdown=true disk_over_commit=null flavor=Flavor/1.2 host_list=null instance=Instance/2.8 live=false rebuild=false request_spec=RequestSpec/1.15 reservations=null scheduler_hint={"filter_properties":{"ignore_hosts":["compute-1"]}}`)
	i, spec := sent.Of("migrate_server", "instance"), sent.Of("migrate_server", "request_spec")
	for _, part := range []string{"flavor", "numa_topology", "services", "resources", "pci_requests", "pci_devices", "trusted_certs", "vcpu_model"} {
		if !i.Has(part) {
			t.Errorf("the conductor is told nothing of %s", part)
		}
	}
	if i.Has("migration_context") || !slices.Equal(i.Changes, []string{"flavor"}) { // the flavor has extra specs
		t.Errorf("of the server the conductor is told %v, changes %v", i.Data, i.Changes)
	}
	if got := strings.Join(spec.Changes, " "); got != "flavor ignore_hosts numa_topology pci_requests requested_destination" {
		t.Errorf("the request spec has changed in %s", got)
	}
	if d := spec.Object("requested_destination"); d.Bool("allow_cross_cell_move") || d.Has("host") {
		t.Errorf("the destination is %v", d.Data)
	}
	if f := sent.Of("migrate_server", "flavor"); f.Text("flavorid") != "2" {
		t.Errorf("the flavor is %v", f.Data)
	}
}

func TestResizeIsRefused(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.ComputeHost("compute-1")
	s.Service("compute-2", "nova-compute")
	s.Exec("cell1", "UPDATE services SET forced_down = TRUE WHERE host = 'compute-2'")
	s.As("admin").Do("POST /flavors", `{"flavor": {"id": "diskless", "name": "diskless", "ram": 512, "vcpus": 1, "disk": 0}}`).Expect(200)
	s.As("admin").Do("POST /flavors", `{"flavor": {"id": "huge", "name": "huge", "ram": 512, "vcpus": 1000, "disk": 1}}`).Expect(200)
	const resize = `{"resize": {"flavorRef": "2"}}`
	for _, c := range []struct {
		name, body string
		status     int
		want       string
		vm         novatest.VM
	}{
		{"same flavor", `{"resize": {"flavorRef": "1"}}`, 400, "When resizing, instances must change flavor!", novatest.VM{}},
		{"no flavor", `{"resize": {"flavorRef": "none"}}`, 400, "Flavor none could not be found.", novatest.VM{}},
		{"without a disk", `{"resize": {"flavorRef": "diskless"}}`, 400, "Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.", novatest.VM{}},
		{"over quota", `{"resize": {"flavorRef": "huge"}}`, 403, "Quota exceeded for cores: Requested 999, but already used * of 20 cores", novatest.VM{}},
		{"paused", resize, 409, "Cannot 'resize' instance * while it is in vm_state paused", novatest.VM{VMState: "paused"}},
		{"locked", resize, 409, "Instance * is locked", novatest.VM{LockedBy: "owner"}},
		{"on no host", resize, 409, "Instance * is not ready", novatest.VM{Host: "-"}},
		{"on a host that is down", resize, 409, "Service is unavailable at this time.", novatest.VM{Host: "compute-2"}},
		{"image too large", resize, 400, "Flavor's disk is smaller than the minimum size specified in image metadata. *", novatest.VM{SystemMetadata: map[string]string{"image_min_disk": "100"}}},
		{"odd config drive", resize, 400, "Invalid instance image.", novatest.VM{SystemMetadata: map[string]string{"image_img_config_drive": "odd"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vm := s.Server(c.vm)
			s.In(t).Changes(func() {
				s.In(t).Messages(func() {
					r := s.In(t).As("demo").Do(vm.Action(), c.body).Expect(c.status)
					r.Has(`{"` + map[int]string{400: "badRequest", 403: "forbidden", 409: "conflictingRequest"}[c.status] + `": {"message": "` + c.want + `"}}`)
				}).Expect()
			}).Expect()
		})
	}
	s.As("reader").Do(s.Server(novatest.VM{}).Action(), resize).Expect(403)
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.WithTraits(t))
	s.ComputeHost("compute-1")
	s.ComputeHost("compute-2")
	s.Exec("cell1", "UPDATE compute_nodes SET hypervisor_hostname = host")
	vm := s.Server(novatest.VM{})
	sent := s.Messages(func() { s.As("admin").MV("2.56").Do(vm.Action(), `{"migrate": {"host": "compute-2"}}`).Expect(202) })
	spec := sent.Of("migrate_server", "request_spec")
	if d := spec.Object("requested_destination"); d.Text("host") != "compute-2" || d.Text("node") != "compute-2" || len(d.Changes) != 3 {
		t.Errorf("the destination is %v, changes %v", d.Data, d.Changes)
	}
	if i := sent.Of("migrate_server", "instance"); i.Has("numa_topology") || i.Has("resources") || !i.Has("services") || !i.Has("old_flavor") {
		t.Errorf("of the server the conductor is told %v", i.Data)
	}
	if f := sent.Of("migrate_server", "flavor"); !slices.Equal(f.Changes, []string{"extra_specs"}) { // read with the server
		t.Errorf("changes of the flavor: %v", f.Changes)
	}
	if got := s.Value("cell1", "SELECT action FROM instance_actions"); got != "migrate" {
		t.Errorf("the action is %s", got)
	}
	other := s.Server(novatest.VM{})
	admin := s.As("admin").MV("2.56")
	admin.Do(other.Action(), `{"migrate": {"host": "compute-1"}}`).Expect(400).Fault("badRequest", "Cannot migrate to the host where the server exists.")
	admin.Do(other.Action(), `{"migrate": {"host": "nope"}}`).Expect(400).Fault("badRequest", "Compute host nope could not be found.")
	s.As("demo").Do(other.Action(), `{"migrate": null}`).Expect(403).Fault("forbidden", "Policy doesn't allow os_compute_api:os-migrate-server:migrate to be performed.")
	s.As("demo").MV("2.56").Do(other.Action(), `{"migrate": {"host": "compute-2"}}`).Expect(403).Fault("forbidden", "Policy doesn't allow os_compute_api:os-migrate-server:migrate:host to be performed.")
	s.As("admin").Do(other.Action(), `{"migrate": null}`).Expect(202)
}

// A hypervisor that can take a server from itself is not left out.
func TestMigrateToTheSameHost(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.WithTraits(t, "COMPUTE_SAME_HOST_COLD_MIGRATE"))
	s.ComputeHost("compute-1")
	s.Exec("cell1", "UPDATE compute_nodes SET hypervisor_hostname = host")
	vm := s.Server(novatest.VM{VMState: "stopped"})
	s.Messages(func() { s.As("admin").Do(vm.Action(), `{"migrate": null}`).Expect(202) }).
		Expect(`cast conductor migrate_server * scheduler_hint={"filter_properties":{"ignore_hosts":[]}}`)
}

func TestConfirmResize(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.ComputeHost("compute-1")
	vm := s.Resized()
	s.Changes(func() {
		s.Messages(func() { s.As("demo").Do(vm.Action(), `{"confirmResize": null}`).Expect(204) }).
			Expect("cast compute.compute-1 confirm_resize 6.0 instance=Instance/2.8 migration=Migration/1.8")
	}).Expect(`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=confirmResize *`,
		`cell1 UPDATE migrations id=1 updated_at=NULL→now status=finished→confirming`)
	s.As("demo").Do(vm.Action(), `{"confirmResize": null}`).Expect(400).Fault("badRequest", "Instance has not been resized.")

	away := s.Resized()
	s.Exec("cell1", "UPDATE services SET forced_down = TRUE")
	s.As("demo").Do(away.Action(), `{"confirmResize": null}`).Expect(409).Fault("conflictingRequest", "Service is unavailable at this time.")
	s.As("demo").Do(s.Server(novatest.VM{}).Action(), `{"confirmResize": null}`).Expect(409)
}

func TestRevertResize(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Resized()
	var sent *novatest.Messages
	changed := s.Changes(func() {
		sent = s.Messages(func() { s.As("demo").Do(vm.Action(), `{"revertResize": null}`).Expect(202) }).
			Expect("cast compute.compute-2 revert_resize 6.0 instance=Instance/2.8 migration=Migration/1.8 request_spec=RequestSpec/1.15")
	})
	changed.Expect(`api UPDATE request_specs id=1 updated_at=NULL→now spec=*`,
		`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=revertResize *`,
		`cell1 UPDATE instances id=1 updated_at=*→now task_state=NULL→resize_reverting`,
		`cell1 UPDATE migrations id=1 updated_at=NULL→now status=finished→reverting`)
	if f := sent.Of("revert_resize", "request_spec").Object("flavor"); f.Text("flavorid") != "1" {
		t.Errorf("the request spec has the flavor %v", f.Data)
	}
	if m := sent.Of("revert_resize", "migration"); m.Text("status") != "reverting" || len(m.Changes) > 0 {
		t.Errorf("the migration is %v, changes %v", m.Data, m.Changes)
	}
	// One that was made smaller needs room for what it was: Nova ends in a 500 here.
	shrunk := s.Resized()
	s.Exec("cell1", `UPDATE instance_extra SET flavor = REPLACE(flavor, '"memory_mb":512', '"memory_mb":65536') WHERE instance_uuid = ?`, shrunk.UUID)
	s.Changes(func() {
		s.As("demo").Do(shrunk.Action(), `{"revertResize": null}`).Expect(403).Fault("forbidden", "Quota exceeded for ram: Requested 63488, but already used * of 51200 ram")
	}).Expect()
}

func TestLiveMigrate(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.ComputeHost("compute-2")
	const auto = `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`
	vm := s.Server(novatest.VM{})
	admin := s.As("admin")
	s.Changes(func() {
		sent := s.Messages(func() { admin.MV("2.34").Do(vm.Action(), auto).Expect(202) }).
			Expect(`cast conductor live_migrate_instance 1.15 block_migration=null disk_over_commit=null instance=Instance/2.8 request_spec=RequestSpec/1.15 scheduler_hint={"host":null}`)
		if i := sent.Of("live_migrate_instance", "instance"); i.Text("task_state") != "migrating" || !i.Has("numa_topology") || i.Has("services") {
			t.Errorf("of the server the conductor is told %v", i.Data)
		}
	}).Expect(`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=live-migration *`, `cell1 UPDATE instances id=1 updated_at=*→now task_state=NULL→migrating`)

	for _, c := range []struct{ version, body, want string }{
		{"2.24", `{"host": "compute-2", "block_migration": "False", "disk_over_commit": true}`, `block_migration=false * disk_over_commit=true * live=true * scheduler_hint={"host":"compute-2"}`},
		{"2.33", `{"host": "compute-2", "block_migration": true}`, `block_migration=true * disk_over_commit=null * scheduler_hint={"host":null}`},
		{"2.33", `{"host": "compute-2", "block_migration": true, "force": true}`, `* scheduler_hint={"host":"compute-2"}`},
	} {
		one := s.Server(novatest.VM{})
		sent := s.Messages(func() { admin.MV(c.version).Do(one.Action(), `{"os-migrateLive": `+c.body+`}`) }).Expect("call conductor migrate_server 1.20 " + c.want)
		asked := sent.Of("migrate_server", "request_spec").Object("requested_destination")
		if checked := strings.Contains(c.want, `{"host":null}`); checked != (asked.Text("node") == "compute-2.example") {
			t.Errorf("%s: the destination is %v", c.body, asked)
		}
	}
	one := s.Server(novatest.VM{})
	admin.MV("2.30").Do(one.Action(), `{"os-migrateLive": {"host": null, "block_migration": false, "force": true}}`).Expect(400).Fault("badRequest", "Can't force to a non-provided destination")
	admin.MV("2.34").Do(one.Action(), `{"os-migrateLive": {"host": "nope", "block_migration": false}}`).Expect(400).Fault("badRequest", "Compute host nope could not be found.")
	admin.MV("2.34").Do(s.Server(novatest.VM{VMState: "stopped"}).Action(), auto).Expect(409).Has(`{"conflictingRequest": {"message": "Cannot 'os-migrateLive' instance * while it is in vm_state stopped"}}`)
	s.As("demo").MV("2.34").Do(one.Action(), auto).Expect(403).Fault("forbidden", "Policy doesn't allow os_compute_api:os-migrate-server:migrate_live to be performed.")
}

// Until 2.34 clients are told why a server cannot be moved.
func TestLiveMigrateThatCannotBe(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	answers := map[string]any{"migrate_server": &rpc.RemoteError{Class: "NoValidHost", Module: "nova.exception", Message: "No valid host was found. None.\nTraceback",
		Args: json.RawMessage(`["No valid host was found. None."]`)}}
	s.Answer("conductor", "conductor", answers)
	const body = `{"os-migrateLive": {"host": null, "block_migration": "auto"}}`
	s.As("admin").MV("2.33").Do(s.Server(novatest.VM{}).Action(), body).Expect(400).Fault("badRequest", "No valid host was found. None.")
	answers["migrate_server"] = &rpc.RemoteError{Class: "Unforeseen", Module: "nova.exception", Message: "secret"}
	s.As("admin").MV("2.33").Do(s.Server(novatest.VM{}).Action(), body).Expect(500)
	delete(answers, "migrate_server")
	s.As("admin").MV("2.33").Do(s.Server(novatest.VM{}).Action(), body).Expect(202)
}
