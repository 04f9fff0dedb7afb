package migrations_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestForceComplete(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm, path := s.Migrating("running")
	admin := s.As("admin").MV("2.22")
	s.Changes(func() {
		s.Messages(func() { admin.Do("POST "+path+"/action", `{"force_complete": null}`).Expect(202) }).
			Expect("cast compute.compute-1 live_migration_force_complete 6.0 instance=Instance/2.8")
	}).Expect(`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=live_migration_force_complete *`)
	admin.Do("POST /servers/"+vm.UUID+"/migrations/99/action", `{"force_complete": null}`).Expect(400).Fault("badRequest", "Migration 99 not found for instance "+vm.UUID)
	vm, path = s.Migrating("queued")
	admin.Do("POST "+path+"/action", `{"force_complete": null}`).Expect(400).
		Fault("badRequest", "Migration 2 state of instance "+vm.UUID+" is queued. Cannot force complete while the migration is in this state.")
	s.As("demo").MV("2.22").Do("POST "+path+"/action", `{"force_complete": null}`).Expect(403)
	admin.MV("2.21").Do("POST "+path+"/action", `{"force_complete": null}`).Expect(404)
	idle := s.Server(novatest.VM{})
	admin.MV("2.22").Do("POST /servers/"+idle.UUID+"/migrations/1/action", `{"force_complete": null}`).Expect(409).
		Fault("conflictingRequest", "Instance "+idle.UUID+" is in an invalid state for 'force_complete'")
}

func TestAbortLiveMigration(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	_, path := s.Migrating("running")
	admin := s.As("admin").MV("2.24")
	s.Changes(func() {
		s.Messages(func() { admin.Do("DELETE " + path).Expect(202) }).Expect("cast compute.compute-1 live_migration_abort 6.0 instance=Instance/2.8 migration_id=1")
	}).Expect(`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=live_migration_cancel *`)
	vm, path := s.Migrating("queued")
	admin.Do("DELETE "+path).Expect(400).Fault("badRequest", "Migration 2 state of instance "+vm.UUID+" is queued. Cannot abort live migration while the migration is in this state.")
	s.As("admin").MV("2.65").Do("DELETE " + path).Expect(202)
	admin.Do("DELETE /servers/" + vm.UUID + "/migrations/x").Expect(404)
	s.As("admin").MV("2.23").Do("DELETE " + path).Expect(404)
}

func TestEvacuate(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	s.ComputeHost("compute-1")
	s.ComputeHost("compute-2")
	vm := s.Server(novatest.VM{LockedBy: "owner", TaskState: "rebooting"})
	admin := s.As("admin")
	admin.MV("2.95").Do(vm.Action(), `{"evacuate": {}}`).Expect(400).Fault("badRequest", "Compute service of compute-1 is still in use.")
	s.Exec("cell1", "UPDATE services SET forced_down = TRUE WHERE host = 'compute-1'")
	for _, c := range []struct{ body, message string }{
		{`{"host": "compute-1"}`, "The target host can't be the same one."},
		{`{"force": true}`, "Can't force to a non-provided destination"},
	} {
		admin.MV("2.29").Do(vm.Action(), `{"evacuate": `+c.body+`}`).Expect(400).Fault("badRequest", c.message)
	}
	admin.MV("2.29").Do(vm.Action(), `{"evacuate": {"host": "nope"}}`).Expect(404).Fault("itemNotFound", "Compute host nope not found.")
	s.As("demo").Do(vm.Action(), `{"evacuate": {"onSharedStorage": "False"}}`).Expect(403)

	var sent *novatest.Messages
	s.Changes(func() {
		sent = s.Messages(func() {
			admin.MV("2.95").Do(vm.Action(), `{"evacuate": {"host": "compute-2", "adminPass": "secret"}}`).Expect(200)
		})
	}).Expect(`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=evacuate *`,
		`cell1 UPDATE instances id=1 updated_at=*→now task_state=rebooting→rebuilding`,
		`cell1 INSERT migrations id=1 created_at=now source_compute=compute-1 dest_compute=compute-2 status=accepted instance_uuid=`+vm.UUID+
			` source_node=compute-1 deleted=0 migration_type=evacuation hidden=0 uuid=* cross_cell_move=0 user_id=* project_id=*`)
	sent.Expect(`cast conductor rebuild_instance 1.25 bdms=null host=null image_ref=null injected_files=null instance=Instance/2.8 new_pass=secret on_shared_storage=null ` +
		`orig_image_ref=null orig_sys_metadata=null preserve_ephemeral=false recreate=true reimage_boot_volume=false request_spec=RequestSpec/1.15 target_state=stopped`)
	if d := sent.Of("rebuild_instance", "request_spec").Object("requested_destination"); d.Text("node") != "compute-2.example" {
		t.Errorf("the destination is %v", d)
	}
	if i := sent.Of("rebuild_instance", "instance"); !i.Has("migration_context") || !i.Has("flavor") || i.Has("services") {
		t.Errorf("of the server the conductor is told %v", i.Data)
	}
	// Old clients say whether the disk is shared, and are told the password.
	other := s.Server(novatest.VM{})
	s.Messages(func() {
		admin.MV("2.13").Do(other.Action(), `{"evacuate": {"host": "compute-2", "onSharedStorage": "False"}}`).Expect(200).Has(`{"adminPass": "*"}`)
		admin.MV("2.13").Do(other.Action(), `{"evacuate": {"onSharedStorage": "True"}}`).Expect(200).JSON(`{"adminPass": null}`)
	}).Expect(`* host=compute-2 * on_shared_storage=false * target_state=null`, `* host=null * new_pass=null on_shared_storage=true *`)
	admin.MV("2.13").Do(other.Action(), `{"evacuate": {"onSharedStorage": "True", "adminPass": "x"}}`).Expect(400).
		Fault("badRequest", "admin password can't be changed on existing disk")
}

// withImages is a Glance with these images, by their ids.
func withImages(t *testing.T, images map[string]map[string]any) novatest.Option {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		image := images[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]
		if image == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(image)
	}))
	t.Cleanup(server.Close)
	return novatest.Conf("[glance]\nendpoint_override = " + server.URL)
}

// newImage is an image that no server has at first.
const newImage = "7ae9e5e2-9b0f-4f0c-9cd9-1c8d7c5a2b11"

func images() map[string]map[string]any {
	m := map[string]map[string]any{}
	for _, id := range []string{novatest.Image, newImage} {
		m[id] = map[string]any{"id": id, "name": "i", "status": "active", "visibility": "public", "size": 10, "min_ram": 0, "min_disk": 0, "disk_format": "raw",
			"container_format": "bare", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
	}
	m[newImage]["os_type"] = "linux"
	return m
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, withImages(t, images()))
	vm := s.Server(novatest.VM{Metadata: map[string]string{"a": "b"}, SystemMetadata: map[string]string{"image_x": "y", "owner": "o"}})
	s.As("demo").Do("POST /os-keypairs", `{"keypair": {"name": "k", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q a@b"}}`).Expect(200)
	var sent *novatest.Messages
	changed := s.Changes(func() {
		sent = s.Messages(func() {
			s.As("demo").MV("2.90").Do(vm.Action(), `{"rebuild": {"imageRef": "`+novatest.Image+`", "name": "new", "adminPass": "secret", "metadata": {"c": "d"}, "key_name": "k", "user_data": "eA==", "hostname": "hh"}}`).
				Expect(202).Has(`{"server": {"id": "` + vm.UUID + `", "name": "new", "adminPass": "secret", "key_name": "k", "user_data": "eA==", "metadata": {"c": "d"}, "status": "REBUILD"}}`)
		})
	})
	changed.Expect(
		`cell1 INSERT instance_actions id=1 created_at=now updated_at=now action=rebuild *`,
		`cell1 UPDATE instance_extra id=1 updated_at=NULL→now keypairs=NULL→{"nova_object.name": "KeyPairList"*`,
		`cell1 UPDATE instance_metadata id=1 * deleted=0→1`,
		`cell1 INSERT instance_metadata id=2 * key=c value=d *`,
		`cell1 DELETE instance_system_metadata id=*`,
		`cell1 INSERT instance_system_metadata *`, `cell1 INSERT instance_system_metadata *`, `cell1 INSERT instance_system_metadata *`, `cell1 INSERT instance_system_metadata *`,
		`cell1 INSERT instance_system_metadata *`,
		`cell1 UPDATE instances id=1 updated_at=*→now key_name=NULL→k key_data=NULL→ssh-ed25519 * hostname=vm1→hh user_data=NULL→eA== display_name=vm1→new task_state=NULL→rebuilding auto_disk_config=1→0`)
	sent.Expect(`cast conductor rebuild_instance 1.25 bdms=BlockDeviceMappingList/1.18 host=compute-1 image_ref=` + novatest.Image + ` injected_files=[] instance=Instance/2.8 new_pass=secret on_shared_storage=false ` +
		`orig_image_ref=` + novatest.Image + ` orig_sys_metadata={"image_x":"y","owner":"o"} preserve_ephemeral=false recreate=false reimage_boot_volume=false request_spec=RequestSpec/1.15 target_state=null`)
	i := sent.Of("rebuild_instance", "instance")
	if !i.Has("keypairs") || !i.Has("migration_context") || i.Has("services") || !slices.Equal(i.Changes, []string{"flavor"}) {
		t.Errorf("of the server the conductor is told %v, changes %v", i.Data, i.Changes)
	}
	if m, _ := i.Data["system_metadata"].(map[string]any); m["image_x"] != nil || m["owner"] != "o" || m["image_base_image_ref"] != novatest.Image {
		t.Errorf("the system metadata is %v", m)
	}
}

// A server that gets another image goes through the scheduler, which must leave it
// where it is.
func TestRebuildOfAnotherImage(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, withImages(t, images()))
	vm := s.Server(novatest.VM{})
	var sent *novatest.Messages
	changed := s.Changes(func() {
		sent = s.Messages(func() {
			s.As("demo").MV("2.93").Do(vm.Action(), `{"rebuild": {"imageRef": "`+newImage+`"}}`).Expect(202)
		}).
			Expect(`* host=null image_ref=` + newImage + ` * orig_image_ref=` + novatest.Image + ` * reimage_boot_volume=true *`)
	})
	if !strings.Contains(strings.Join(changed.Lines, "\n"), "image_ref="+novatest.Image+"→"+newImage) || !strings.HasPrefix(changed.Lines[0], "api UPDATE request_specs") {
		t.Errorf("the databases changed by\n%s", strings.Join(changed.Lines, "\n"))
	}
	spec := sent.Of("rebuild_instance", "request_spec")
	if got := strings.Join(spec.Changes, " "); got != "flavor force_hosts force_nodes image" || spec.Has("id") || spec.Object("image").Text("id") != newImage {
		t.Errorf("the request spec is %v, changes %s", spec.Data, got)
	}
	if kept := s.Value("api", "SELECT spec FROM request_specs"); strings.Contains(kept, "_nova_check_type") || !strings.Contains(kept, newImage) {
		t.Errorf("kept is the request spec %s", kept)
	}
}

func TestRebuildIsRefused(t *testing.T) {
	t.Parallel()
	all := images()
	all["large"] = map[string]any{"id": "large", "status": "active", "min_ram": 99999, "min_disk": 0, "size": 1}
	const large = "11111111-9b0f-4f0c-9cd9-1c8d7c5a2b11"
	all[large] = all["large"]
	s := novatest.New(t, withImages(t, all))
	for _, c := range []struct {
		name, version, body string
		status              int
		want                string
		vm                  novatest.VM
	}{
		{"no image", "2.1", `{"imageRef": "00000000-0000-0000-0000-000000000000"}`, 400, "Cannot find image for rebuild", novatest.VM{}},
		{"no keypair", "2.54", `{"imageRef": "` + novatest.Image + `", "key_name": "none"}`, 400, "Invalid key_name provided.", novatest.VM{}},
		{"too large", "2.1", `{"imageRef": "` + large + `"}`, 400, "Flavor's memory is too small for requested image.", novatest.VM{}},
		{"paused", "2.1", `{"imageRef": "` + novatest.Image + `"}`, 409, "Cannot 'rebuild' instance * while it is in vm_state paused", novatest.VM{VMState: "paused"}},
		{"locked", "2.1", `{"imageRef": "` + novatest.Image + `"}`, 409, "Instance * is locked", novatest.VM{LockedBy: "owner"}},
		{"files", "2.56", `{"imageRef": "` + novatest.Image + `", "personality": [` + strings.Repeat(`{"path": "/a", "contents": "eA=="}, `, 5) + `{"path": "/b", "contents": "eA=="}]}`, 403, "Personality file limit exceeded", novatest.VM{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			vm := s.Server(c.vm)
			s.In(t).Changes(func() {
				s.In(t).Messages(func() {
					s.In(t).As("demo").MV(c.version).Do(vm.Action(), `{"rebuild": `+c.body+`}`).Expect(c.status).
						Has(`{"` + map[int]string{400: "badRequest", 403: "forbidden", 409: "conflictingRequest"}[c.status] + `": {"message": "` + c.want + `"}}`)
				}).Expect()
			}).Expect()
		})
	}
}
