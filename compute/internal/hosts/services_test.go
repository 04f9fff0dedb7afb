package hosts_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestServices(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	uuid, _ := s.ComputeHost("compute-1")
	s.Service("controller", "nova-scheduler")
	s.Service("controller", "nova-metadata")
	admin := s.As("admin")
	const common = `"binary": "nova-compute", "host": "compute-1", "zone": "nova", "status": "enabled", "state": "up", "updated_at": "*", "disabled_reason": null`
	for _, c := range []struct{ version, want string }{
		{"2.1", common + `, "id": 2`},
		{"2.11", common + `, "id": 2, "forced_down": false`},
		{"2.53", common + `, "id": "` + uuid + `", "forced_down": false`},
	} {
		admin.MV(c.version).Do("GET /os-services?host=compute-1").Expect(200).JSON(`{"services": [{` + c.want + `}]}`)
	}
	admin.Do("GET /os-services").Expect(200).Has(`{"services": [{"binary": "nova-compute"}, {"binary": "nova-scheduler", "zone": "internal"}]}`)
	admin.Do("GET /os-services?binary=nova-scheduler").Expect(200).Has(`{"services": [{"binary": "nova-scheduler"}]}`)
	s.As("demo").Do("GET /os-services").Expect(403)
}

// A cell that does not answer shows its hosts since 2.69.
func TestServicesOfADownCell(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Before(func(s *novatest.Stack) {
		s.DownCell("away")
		s.Exec("api", "INSERT INTO host_mappings (cell_id, host) SELECT id, 'far' FROM cell_mappings WHERE name = 'away'")
	}))
	s.ComputeHost("compute-1")
	s.As("admin").MV("2.68").Do("GET /os-services").Expect(200).Has(`{"services": [{"host": "compute-1"}]}`)
	s.As("admin").MV("2.69").Do("GET /os-services").Expect(200).Has(`{"services": [{"host": "compute-1", "status": "enabled"}, {"host": "far", "binary": "nova-compute", "status": "UNKNOWN"}]}`)

	// Hypervisors are looked for from cell to cell: one that comes after what is found may be away.
	s.As("admin").Do("GET /os-hypervisors/1").Expect(200)
	s.As("admin").MV("2.33").Do("GET /os-hypervisors/detail?limit=1").Expect(200)
	s.As("admin").Do("GET /os-hypervisors").Expect(503)
}

func TestServiceUpdates(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	uuid, _ := s.ComputeHost("compute-1")
	s.Answer("compute", "compute-1", map[string]any{"set_host_enabled": "disabled"})
	admin := s.As("admin")
	s.Changes(func() {
		s.Messages(func() {
			admin.Do("PUT /os-services/disable-log-reason", `{"host": "compute-1", "binary": "nova-compute", "disabled_reason": "dust"}`).Expect(200).
				JSON(`{"service": {"host": "compute-1", "binary": "nova-compute", "status": "disabled", "disabled_reason": "dust"}}`)
		}).Expect("call compute.compute-1 set_host_enabled 6.0 enabled=false")
	}).Expect("cell1 UPDATE services id=2 disabled=0→1 disabled_reason=NULL→dust")
	s.Changes(func() {
		admin.Do("PUT /os-services/enable", `{"host": "compute-1", "binary": "nova-compute"}`).Expect(200).
			JSON(`{"service": {"host": "compute-1", "binary": "nova-compute", "status": "enabled"}}`)
	}).Expect("cell1 UPDATE services id=2 disabled=1→0 disabled_reason=dust→NULL")

	// What is as it should be keeps its row; a host that is down is not told.
	s.Changes(func() {
		admin.MV("2.11").Do("PUT /os-services/force-down", `{"host": "compute-1", "binary": "nova-compute", "forced_down": true}`).Expect(200).
			JSON(`{"service": {"host": "compute-1", "binary": "nova-compute", "forced_down": true}}`)
	}).Expect("cell1 UPDATE services id=2 forced_down=0→1")
	s.Changes(func() {
		s.Messages(func() {
			admin.MV("2.53").Do("PUT /os-services/"+uuid, `{"status": "enabled", "forced_down": true}`).Expect(200).
				Has(`{"service": {"id": "` + uuid + `", "status": "enabled", "state": "down", "forced_down": true, "zone": "nova"}}`)
		}).Expect()
	}).Expect()

	// Servers that were evacuated keep it from coming back.
	s.Insert("cell1", "migrations", map[string]any{"source_compute": "compute-1", "status": "done", "migration_type": "evacuation", "deleted": 0, "hidden": false, "instance_uuid": s.Server(novatest.VM{}).UUID})
	for version, request := range map[string]string{"2.11": "PUT /os-services/force-down", "2.53": "PUT /os-services/" + uuid} {
		body := map[string]any{"forced_down": false}
		if version == "2.11" {
			body["host"], body["binary"] = "compute-1", "nova-compute"
		}
		s.Changes(func() {
			admin.MV(version).Do(request, body).Expect(400).Fault("badRequest", "Unable to force up host compute-1 as `done` evacuation migration records remain*")
		}).Expect()
	}
}

func TestServiceUpdatesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	uuid, _ := s.ComputeHost("compute-1")
	s.Service("controller", "nova-scheduler")
	scheduler := s.Value("cell1", "SELECT uuid FROM services WHERE host = 'controller'")
	for _, c := range []struct {
		role, version, request, body string
		status                       int
		message                      string
	}{
		{"admin", "2.1", "PUT /os-services/enable", `{"host": "nope", "binary": "nova-compute"}`, 404, "Host 'nope' is not mapped to any cell"},
		{"admin", "2.1", "PUT /os-services/enable", `{"host": "controller", "binary": "nova-scheduler"}`, 400, "Updating a nova-scheduler service is not supported. Only nova-compute services can be updated."},
		{"admin", "2.1", "PUT /os-services/disable-log-reason", `{"host": "compute-1", "binary": "nova-compute"}`, 400, "Missing disabled reason field"},
		{"admin", "2.10", "PUT /os-services/force-down", `{"host": "compute-1", "binary": "nova-compute"}`, 404, "Unknown action"},
		{"admin", "2.11", "PUT /os-services/force-down", `{"host": "compute-1", "binary": "nova-compute"}`, 400, "Missing forced_down field"},
		{"admin", "2.53", "PUT /os-services/enable", `{"status": "enabled"}`, 400, "Invalid uuid enable"},
		{"admin", "2.53", "PUT /os-services/" + uuid, `{}`, 400, "No updates were requested. Fields 'status' or 'forced_down' should be specified."},
		{"admin", "2.53", "PUT /os-services/" + uuid, `{"status": "enabled", "disabled_reason": "x"}`, 400, "Specifying 'disabled_reason' with status 'enabled' is invalid."},
		{"admin", "2.53", "PUT /os-services/" + scheduler, `{"status": "enabled"}`, 400, "Updating a nova-scheduler service is not supported.*"},
		{"admin", "2.53", "PUT /os-services/00000000-0000-4000-8000-000000000000", `{"status": "enabled"}`, 404, "Service 00000000-0000-4000-8000-000000000000 could not be found."},
		{"demo", "2.53", "PUT /os-services/" + uuid, `{"status": "enabled"}`, 403, "Policy doesn't allow os_compute_api:os-services:update to be performed."},
		{"admin", "2.1", "DELETE /os-services/x", "", 400, "Invalid input received: id must be an integer"},
		{"admin", "2.1", "DELETE /os-services/99", "", 404, "Service 99 not found."},
		{"admin", "2.53", "DELETE /os-services/1", "", 400, "Invalid uuid 1"},
	} {
		t.Run(c.version+" "+c.request, func(t *testing.T) {
			s := s.In(t)
			s.Changes(func() {
				client := s.As(c.role).MV(c.version)
				r := client.Do(c.request)
				if c.body != "" {
					r = client.Do(c.request, c.body)
				}
				kind := map[int]string{400: "badRequest", 403: "forbidden", 404: "itemNotFound"}[c.status]
				r.Expect(c.status).Fault(kind, c.message)
			}).Expect()
		})
	}
}

func TestServiceDelete(t *testing.T) {
	t.Parallel()
	placement, option := newPlacement(t)
	s := novatest.New(t, option)
	uuid, node := s.ComputeHost("compute-1")
	placement.providers["compute-1.example"] = node
	admin := s.As("admin").MV("2.53")
	vm := s.Server(novatest.VM{})
	admin.Do("POST /os-aggregates", `{"aggregate": {"name": "a"}}`).Expect(200)
	admin.Do("POST /os-aggregates/1/action", `{"add_host": {"host": "compute-1"}}`).Expect(200)

	admin.Do("DELETE /os-services/"+uuid).Expect(409).Fault("conflictingRequest", "Unable to delete compute service that is hosting instances. Migrate or delete the instances first.")
	s.Exec("cell1", "UPDATE instances SET host = 'compute-2' WHERE uuid = ?", vm.UUID)
	s.Insert("cell1", "migrations", map[string]any{"source_compute": "compute-1", "source_node": "compute-1.example", "status": "running", "migration_type": "evacuation", "deleted": 0, "hidden": false, "instance_uuid": vm.UUID})
	admin.Do("DELETE /os-services/"+uuid).Expect(409).Fault("conflictingRequest", "Unable to delete compute service that has in-progress migrations.*")
	s.Exec("cell1", "UPDATE migrations SET status = 'done'")
	placement.changes = nil

	s.Changes(func() { admin.Do("DELETE /os-services/" + uuid).Expect(204) }).Expect(
		"api DELETE aggregate_hosts id=1",
		"api DELETE host_mappings id=1",
		"cell1 UPDATE compute_nodes id=1 deleted_at=NULL→now deleted=0→1 mapped=1→0",
		"cell1 UPDATE services id=2 deleted_at=NULL→now deleted=0→2")
	want := []string{"PUT /resource_providers/" + node + "/aggregates", "PUT /allocations/" + vm.UUID, "DELETE /resource_providers/" + node}
	if len(placement.changes) != 3 || placement.changes[0] != want[0] || placement.changes[1] != want[1] || placement.changes[2] != want[2] {
		t.Errorf("Placement was asked for %q, want %q", placement.changes, want)
	}
	admin.Do("DELETE /os-services/" + uuid).Expect(404)

	// Another service has only its row.
	s.Service("controller", "nova-scheduler")
	s.Changes(func() {
		s.As("admin").Do("DELETE /os-services/3").Expect(204)
	}).Expect("cell1 UPDATE services id=3 deleted_at=NULL→now deleted=0→3")
}
