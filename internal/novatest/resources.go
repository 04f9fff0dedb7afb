package novatest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/nova-go/nova/internal/versioned"
)

// Image is the id of the image cirros, which each cloud of a test has.
const Image = "70a599e0-31e7-49b7-b260-868f441e862b"

// PublicKey is one for key pairs.
const PublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL3UHrqGyVZLRQgK0P4vJEUlJi4CYFlGoNcMY5QPWzeh me@example.org"

// Action is the request for an action on the server: "POST /servers/UUID/action".
func (v VM) Action() string { return "POST /servers/" + v.UUID + "/action" }

// Volumes is a client of the volume service for the project demo.
func (s *Stack) Volumes() *Client {
	s.t.Helper()
	return s.As("demo").At("/volume/v3/" + NameID("project", "demo"))
}

// Volume is the id of a new volume.
func (s *Stack) Volume() string {
	s.t.Helper()
	return s.Volumes().Do("POST /volumes", `{"volume": {"name": "data", "size": 1}}`).Expect(http.StatusAccepted).At("volume", "id")
}

// Attached is a new server with a new volume; it needs hosts.
func (s *Stack) Attached() (server, volume string) {
	s.t.Helper()
	server, volume = s.Server(VM{}).UUID, s.Volume()
	s.As("demo").Do("POST /servers/"+server+"/os-volume_attachments", `{"volumeAttachment": {"volumeId": "`+volume+`"}}`).Expect(http.StatusOK)
	s.Settle()
	return server, volume
}

// Migrating is a server with a live migration in a status, and the migration's path.
func (s *Stack) Migrating(status string) (vm VM, path string) {
	s.t.Helper()
	vm = s.Server(VM{TaskState: "migrating"})
	s.Insert("cell1", "migrations", map[string]any{"uuid": NameID("migration", vm.UUID), "instance_uuid": vm.UUID, "source_compute": "compute-1", "dest_compute": "compute-2",
		"status": status, "migration_type": "live-migration", "hidden": false, "cross_cell_move": false, "deleted": 0})
	return vm, "/servers/" + vm.UUID + "/migrations/" + s.Value("cell1", "SELECT id FROM migrations WHERE instance_uuid = ?", vm.UUID)
}

// Resized is a server that waits for its resize from compute-1 to compute-2 to be confirmed.
func (s *Stack) Resized() VM {
	s.t.Helper()
	vm := s.Server(VM{VMState: "resized", Host: "compute-2", Flavor: "2"})
	s.Insert("cell1", "migrations", map[string]any{"uuid": NameID("migration", vm.UUID), "instance_uuid": vm.UUID, "source_compute": "compute-1", "source_node": "compute-1",
		"dest_compute": "compute-2", "dest_node": "compute-2", "status": "finished", "migration_type": "resize", "old_instance_type_id": 1, "new_instance_type_id": 2, "hidden": false,
		"cross_cell_move": false, "deleted": 0, "user_id": "u", "project_id": "p"})
	extra, err := versioned.Parse([]byte(s.Value("api", "SELECT spec FROM request_specs WHERE instance_uuid = ?", s.Server(VM{Flavor: "1"}).UUID)))
	s.must(err)
	old, err := json.Marshal(extra.Object("flavor"))
	s.must(err)
	now := s.Value("cell1", "SELECT flavor FROM instance_extra WHERE instance_uuid = ?", vm.UUID)
	s.Exec("cell1", "UPDATE instance_extra SET flavor = ? WHERE instance_uuid = ?", strings.Replace(now, `"old":null`, `"old":`+string(old), 1), vm.UUID)
	return vm
}
