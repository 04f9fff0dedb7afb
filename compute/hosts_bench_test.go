package compute_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

// BenchmarkManyHosts is the cost of answers about the hosts of a cell with 10,000 of them.
func BenchmarkManyHosts(b *testing.B) {
	novatest.OnSQLite(b)
	const hosts = 10000
	s := novatest.New(b)
	fillHosts(s, hosts)
	admin := s.As("admin").MV("2.87")
	for _, path := range []string{"/os-availability-zone", "/os-availability-zone/detail", "/os-services", "/os-hypervisors", "/os-hypervisors/detail",
		"/os-hypervisors?hypervisor_hostname_pattern=host&with_servers=true", "/os-hypervisors/statistics"} {
		b.Run(path, func(b *testing.B) {
			client := admin.In(b)
			for b.Loop() {
				client.Do("GET " + path).Expect(200)
			}
		})
	}
}

// fillHosts writes hosts of nova-compute to the cell cell1, in three availability zones.
func fillHosts(s *novatest.Stack, hosts int) {
	s.Exec("cell1", `INSERT INTO services (created_at, host, topic, "binary", report_count, disabled, forced_down, version, uuid, last_seen_up, deleted)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		SELECT ?, 'host-' || i, 'compute', 'nova-compute', 1, FALSE, FALSE, 68, 'service-' || i, ?, 0 FROM n`, hosts, time.Now().UTC(), time.Now().UTC())
	s.Exec("cell1", `INSERT INTO compute_nodes (uuid, host, hypervisor_hostname, hypervisor_type, hypervisor_version, host_ip, cpu_info, vcpus, memory_mb, local_gb,
			vcpus_used, memory_mb_used, local_gb_used, free_ram_mb, free_disk_gb, running_vms, current_workload, deleted, mapped)
		SELECT 'node-' || id, host, host || '.example', 'QEMU', 9001, '10.0.0.1', '{"arch": "x86_64"}', 8, 8192, 100, 1, 1024, 10, 7168, 90, 1, 0, 0, 1
		FROM services WHERE topic = 'compute'`)
	s.Exec("api", `INSERT INTO host_mappings (created_at, cell_id, host) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		SELECT ?, (SELECT id FROM cell_mappings WHERE name = 'cell1'), 'host-' || i FROM n`, hosts, time.Now().UTC())
	for zone := range 3 {
		s.Insert("api", "aggregates", map[string]any{"name": fmt.Sprint("zone-", zone)})
		s.Exec("api", `INSERT INTO aggregate_metadata (aggregate_id, "key", value) SELECT id, 'availability_zone', name FROM aggregates WHERE name = ?`, fmt.Sprint("zone-", zone))
		s.Exec("api", `INSERT INTO aggregate_hosts (aggregate_id, host) SELECT a.id, h.host FROM aggregates a, host_mappings h WHERE a.name = ? AND h.id % 3 = ?`,
			fmt.Sprint("zone-", zone), zone)
	}
}
