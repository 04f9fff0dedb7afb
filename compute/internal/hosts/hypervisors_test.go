package hosts_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

func TestHypervisorByMicroversion(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	service, node := s.ComputeHost("compute-1")
	s.Answer("compute", "compute-1", map[string]any{"get_host_uptime": "up 3 days"})
	vm := s.Server(novatest.VM{Name: "web"})
	const head = `"hypervisor_hostname": "compute-1.example", "state": "up", "status": "enabled", "hypervisor_type": "QEMU", "hypervisor_version": 9001, "host_ip": "10.0.0.1", `
	const size = `, "vcpus": 8, "memory_mb": 8192, "local_gb": 100, "vcpus_used": 1, "memory_mb_used": 1024, "local_gb_used": 10, "free_ram_mb": 7168, "free_disk_gb": 90,
		"current_workload": 0, "running_vms": 1, "disk_available_least": null, "cpu_info": `
	byRow := `"id": 1, "service": {"id": 2, "host": "compute-1", "disabled_reason": null}`
	byUUID := `"id": "` + node + `", "service": {"id": "` + service + `", "host": "compute-1", "disabled_reason": null}`
	for _, c := range []struct{ version, id, want string }{
		{"2.1", "1", byRow + size + `"{\"arch\": \"x86_64\"}"`},
		{"2.28", "1", byRow + size + `{"arch": "x86_64"}`},
		{"2.53", node, byUUID + size + `{"arch": "x86_64"}`},
		{"2.88", node, byUUID + `, "uptime": "up 3 days"`},
	} {
		t.Run(c.version, func(t *testing.T) {
			admin := s.In(t).As("admin").MV(c.version)
			admin.Do("GET /os-hypervisors/" + c.id).Expect(200).JSON(`{"hypervisor": {` + head + c.want + `}}`)
			admin.Do("GET /os-hypervisors/detail").Expect(200).JSON(`{"hypervisors": [{` + head + c.want + `}]}`)
		})
	}
	admin := s.As("admin")
	servers := `"servers": [{"name": "instance-00000001", "uuid": "` + vm.UUID + `"}]`
	const brief = `"hypervisor_hostname": "compute-1.example", "state": "up", "status": "enabled"`
	admin.Do("GET /os-hypervisors").Expect(200).JSON(`{"hypervisors": [{"id": 1, ` + brief + `}]}`)
	admin.Do("GET /os-hypervisors/ute-/search").Expect(200).JSON(`{"hypervisors": [{"id": 1, ` + brief + `}]}`)
	admin.Do("GET /os-hypervisors/ute-/servers").Expect(200).JSON(`{"hypervisors": [{"id": 1, ` + brief + `, ` + servers + `}]}`)
	admin.Do("GET /os-hypervisors/1/uptime").Expect(200).JSON(`{"hypervisor": {"id": 1, ` + brief + `, "uptime": "up 3 days"}}`)
	admin.MV("2.53").Do("GET /os-hypervisors?with_servers=true&hypervisor_hostname_pattern=ute").Expect(200).JSON(`{"hypervisors": [{"id": "` + node + `", ` + brief + `, ` + servers + `}]}`)
	s.As("demo").Do("GET /os-hypervisors").Expect(403)
}

func TestHypervisorPages(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	_, first := s.ComputeHost("compute-1")
	_, second := s.ComputeHost("compute-2")
	s.ComputeHost("compute-3")
	admin := s.As("admin").MV("2.53")
	admin.Do("GET /os-hypervisors?limit=1").Expect(200).Has(`{"hypervisors": [{"id": "` + first + `"}], "hypervisors_links": [{"rel": "next", "href": "*/os-hypervisors?limit=1&marker=` + first + `"}]}`)
	admin.Do("GET /os-hypervisors?limit=1&marker=" + first).Expect(200).Has(`{"hypervisors": [{"id": "` + second + `"}]}`)
	s.As("admin").MV("2.33").Do("GET /os-hypervisors?marker=1").Expect(200).Has(`{"hypervisors": [{"id": 2}, {"id": 3}]}`)
	admin.Do("GET /os-hypervisors?marker=nope").Expect(400).Fault("badRequest", "marker [nope] not found")
	admin.Do("GET /os-hypervisors?limit=1&hypervisor_hostname_pattern=x").Expect(400)

	// Of a service that was deleted, the compute node may be left.
	s.Exec("cell1", "UPDATE services SET deleted = id WHERE host = 'compute-2'")
	s.Exec("api", "DELETE FROM host_mappings WHERE host = 'compute-3'")
	admin.Do("GET /os-hypervisors").Expect(200).Has(`{"hypervisors": [{"id": "` + first + `"}]}`)
	admin.Do("GET /os-hypervisors/"+second).Expect(404).Fault("itemNotFound", "Hypervisor with ID '"+second+"' could not be found.")
	s.As("admin").Do("GET /os-hypervisors/compute-3/search").Expect(404).Fault("itemNotFound", "Host 'compute-3' is not mapped to any cell")
}

func TestHypervisorsThatAreNot(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin")
	admin.Do("GET /os-hypervisors/x").Expect(404).Fault("itemNotFound", "Hypervisor with ID 'x' could not be found.")
	admin.Do("GET /os-hypervisors/7/uptime").Expect(404)
	admin.Do("GET /os-hypervisors/x/search").Expect(404).Fault("itemNotFound", "No hypervisor matching 'x' could be found.")
	admin.MV("2.53").Do("GET /os-hypervisors/7").Expect(400).Fault("badRequest", "Invalid uuid 7")
	admin.MV("2.53").Do("GET /os-hypervisors?hypervisor_hostname_pattern=x").Expect(404)
	admin.Do("GET /os-hypervisors/statistics").Expect(200).Has(`{"hypervisor_statistics": {"count": 0, "vcpus": 0}}`)
}

func TestHypervisorUptimes(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	_, first := s.ComputeHost("compute-1")
	_, second := s.ComputeHost("compute-2")
	_, third := s.ComputeHost("compute-3")
	s.Answer("compute", "compute-1", map[string]any{"get_host_uptime": notImplemented})
	s.Exec("cell1", "UPDATE services SET forced_down = TRUE WHERE host = 'compute-2'")
	s.Exec("cell1", `UPDATE compute_nodes SET stats = '{"uptime": "as reported"}' WHERE host = 'compute-3'`)
	admin := s.As("admin")
	admin.MV("2.88").Do("GET /os-hypervisors/detail").Expect(200).
		Has(`{"hypervisors": [{"id": "` + first + `", "uptime": null}, {"id": "` + second + `", "uptime": null}, {"id": "` + third + `", "uptime": "as reported"}]}`)
	admin.Do("GET /os-hypervisors/1/uptime").Expect(501).Fault("notImplemented", "The requested functionality is not supported.")
	admin.Do("GET /os-hypervisors/2/uptime").Expect(400).Fault("badRequest", "Compute service of compute-2 is unavailable at this time.")
	admin.Do("GET /os-hypervisors/statistics").Expect(200).JSON(`{"hypervisor_statistics": {"count": 3, "vcpus": 24, "memory_mb": 24576, "local_gb": 300, "vcpus_used": 3, "memory_mb_used": 3072,
		"local_gb_used": 30, "free_ram_mb": 21504, "free_disk_gb": 270, "current_workload": 0, "running_vms": 3, "disk_available_least": 0}}`)
}

func TestAllMigrations(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	vm := s.Server(novatest.VM{})
	insert := func(created, uuid, kind, status, source string, hidden bool) {
		s.Insert("cell1", "migrations", map[string]any{"created_at": created, "uuid": uuid, "migration_type": kind, "status": status, "source_compute": source, "dest_compute": "compute-9", "hidden": hidden,
			"instance_uuid": vm.UUID, "deleted": 0, "old_instance_type_id": 1, "new_instance_type_id": 2, "project_id": novatest.NameID("project", "demo"), "user_id": "u"})
	}
	insert("2026-05-01 10:00:00.000000", "a", "resize", "finished", "compute-1", false)
	insert("2026-05-01 10:00:02.000000", "b", "live-migration", "running", "compute-2", false)
	insert("2026-05-01 10:00:01.000000", "c", "migration", "error", "compute-1", false)
	insert("2026-05-01 10:00:09.000000", "d", "migration", "done", "compute-1", true)
	admin := s.As("admin")
	const ends = `"created_at": "2026-05-01T10:00:02.000000", "updated_at": null, "source_compute": "compute-2", "dest_compute": "compute-9", "source_node": null, "dest_node": null, "dest_host": null, "status": "running",
		"id": 2, "old_instance_type_id": 1, "new_instance_type_id": 2, "instance_uuid": "*"`
	live := `?migration_type=live-migration`
	admin.Do("GET /os-migrations" + live).Expect(200).JSON(`{"migrations": [{` + ends + `}]}`)
	admin.MV("2.23").Do("GET /os-migrations" + live).Expect(200).JSON(`{"migrations": [{` + ends + `, "migration_type": "live-migration", "links": ["*", {"rel": "bookmark", "href": "*/servers/` + vm.UUID + `/migrations/2"}]}]}`)
	admin.MV("2.59").Do("GET /os-migrations" + live).Expect(200).JSON(`{"migrations": [{` + ends + `, "migration_type": "live-migration", "links": ["*", "*"], "uuid": "b"}]}`)
	admin.MV("2.80").Do("GET /os-migrations" + live).Expect(200).JSON(`{"migrations": [{` + ends + `, "migration_type": "live-migration", "links": ["*", "*"], "uuid": "b", "user_id": "u", "project_id": "*"}]}`)

	for query, want := range map[string]string{
		"":                                   `{"uuid": "b"}, {"uuid": "c"}, {"uuid": "a"}`,
		"?host=compute-1":                    `{"uuid": "c"}, {"uuid": "a"}`,
		"?source_compute=compute-2":          `{"uuid": "b"}`,
		"?status=error":                      `{"uuid": "c"}`,
		"?hidden=1":                          ``,
		"?marker=b":                          `{"uuid": "c"}, {"uuid": "a"}`,
		"?changes-since=2026-01-01T00:00:00": ``, // none was ever changed
	} {
		admin.MV("2.66").Do("GET /os-migrations" + query).Expect(200).Has(`{"migrations": [` + want + `]}`)
	}
	admin.MV("2.59").Do("GET /os-migrations?limit=1&marker=b").Expect(200).Has(`{"migrations": [{"uuid": "c"}], "migrations_links": [{"rel": "next", "href": "*/os-migrations?limit=1&marker=c"}]}`)
	admin.MV("2.59").Do("GET /os-migrations?marker=nope").Expect(400).Fault("badRequest", "Marker nope could not be found.")
	s.As("demo").Do("GET /os-migrations").Expect(403)
}

// TestHypervisorBesideALateCell answers what the first cell has, though the next one
// does not say anything.
func TestHypervisorBesideALateCell(t *testing.T) {
	t.Parallel()
	late, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { late.Close() })
	var silent atomic.Bool
	go func() {
		for {
			c, err := late.Accept()
			if err != nil {
				return
			}
			if !silent.Load() { // when the application starts, it is away
				c.Close()
			}
		}
	}()
	s := novatest.New(t, novatest.Before(func(s *novatest.Stack) {
		s.Insert("api", "cell_mappings", map[string]any{"uuid": "75c2cc0a-0000-4000-8000-0000000000ce", "name": "late", "transport_url": "fake://", "disabled": false,
			"database_connection": "mysql+pymysql://nova:secret@" + late.Addr().String() + "/late"})
	}))
	_, node := s.ComputeHost("compute-1")
	silent.Store(true)
	began := time.Now()
	s.As("admin").MV("2.53").Do("GET /os-hypervisors/" + node).Expect(200)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}
