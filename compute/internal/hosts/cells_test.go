package hosts_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest"
)

// host puts a host into a cell: its nova-compute, a compute node with a UUID, and the mapping.
func host(s *novatest.Stack, cell, name, node string) {
	now := time.Now().UTC()
	s.Insert(cell, "services", map[string]any{"uuid": "service-" + name, "host": name, "binary": "nova-compute", "topic": "compute", "report_count": 1, "disabled": false, "forced_down": false,
		"version": 74, "last_seen_up": now, "deleted": 0})
	s.Insert(cell, "compute_nodes", map[string]any{"uuid": node, "host": name, "hypervisor_hostname": name, "hypervisor_type": "QEMU", "hypervisor_version": 1, "cpu_info": "{}", "vcpus": 8,
		"memory_mb": 1024, "local_gb": 10, "vcpus_used": 1, "memory_mb_used": 1, "local_gb_used": 1, "deleted": 0, "mapped": 1})
	s.Exec("api", "INSERT INTO host_mappings (created_at, cell_id, host) SELECT ?, id, ? FROM cell_mappings WHERE name = ?", now, name, cell)
}

// TestHypervisorsOfManyCells: each hypervisor is on one page, wherever a page ends, and a page that
// the first cells fill reads no others.
func TestHypervisorsOfManyCells(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Cells(6))
	var want []string
	for cell, hosts := range []int{0, 3, 0, 7, 1, 4} {
		for n := range hosts {
			uuid := fmt.Sprintf("00000000-0000-4000-8000-%06d%06d", cell, n)
			host(s, fmt.Sprint("cell", cell), fmt.Sprintf("host-%d-%d", cell, n), uuid)
			want = append(want, uuid)
		}
	}
	admin := s.As("admin").MV("2.53")
	for _, size := range []int{1, 2, 5, 1000} {
		var got []string
		for marker := ""; len(got) <= len(want); {
			page := admin.Do(fmt.Sprintf("GET /os-hypervisors?limit=%d%s", size, marker)).Expect(200).Each("hypervisors", "id")
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			marker = "&marker=" + page[len(page)-1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d:\n%v, want\n%v", size, got, want)
		}
	}
	if got := admin.Do("GET /os-hypervisors?hypervisor_hostname_pattern=host").Expect(200).Each("hypervisors", "id"); !slices.Equal(got, want) {
		t.Errorf("all: %v, want %v", got, want)
	}
	admin.Do("GET /os-hypervisors/statistics").Expect(200).Has(`{"hypervisor_statistics": {"count": 15, "vcpus": 120}}`)
}

// TestStatisticsByServiceID: a compute node counts once for each enabled nova-compute of its host
// or with its service_id, which only old releases set. That is what Nova's query counts.
func TestStatisticsByServiceID(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for _, name := range []string{"both", "by-host", "by-id", "two", "disabled", "gone"} {
		host(s, "cell1", name, name)
	}
	for node, service := range map[string]string{"both": "both", "by-id": "by-id", "two": "both", "by-host": "disabled", "gone": "gone"} {
		s.Exec("cell1", "UPDATE compute_nodes SET service_id = (SELECT id FROM services WHERE host = ?) WHERE host = ?", service, node)
	}
	s.Exec("cell1", "UPDATE compute_nodes SET host = NULL WHERE host = 'by-id'")
	s.Exec("cell1", "UPDATE compute_nodes SET vcpus = 100 WHERE host = 'two'")
	s.Exec("cell1", "UPDATE services SET disabled = TRUE WHERE host = 'disabled'")
	s.Exec("cell1", "UPDATE services SET deleted = id WHERE host = 'gone'")
	s.As("admin").Do("GET /os-hypervisors/statistics").Expect(200).Has(`{"hypervisor_statistics": {"count": 5, "vcpus": 224}}`)
}
