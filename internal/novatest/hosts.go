package novatest

import (
	"context"
	"time"

	"github.com/nova-go/nova/internal/rpc"
)

// ComputeHost puts a host into cell1: its nova-compute, a compute node and the
// mapping. The answers are the UUIDs of the first two.
func (s *Stack) ComputeHost(name string) (service, node string) {
	s.t.Helper()
	s.Service(name, "nova-compute")
	node = NameID("node", name)
	node = node[:8] + "-" + node[8:12] + "-" + node[12:16] + "-" + node[16:20] + "-" + node[20:]
	s.Insert("cell1", "compute_nodes", map[string]any{"uuid": node, "host": name, "hypervisor_hostname": name + ".example", "hypervisor_type": "QEMU", "hypervisor_version": 9001, "host_ip": "10.0.0.1",
		"cpu_info": `{"arch": "x86_64"}`, "vcpus": 8, "memory_mb": 8192, "local_gb": 100, "vcpus_used": 1, "memory_mb_used": 1024, "local_gb_used": 10, "free_ram_mb": 7168, "free_disk_gb": 90,
		"running_vms": 1, "current_workload": 0, "deleted": 0, "mapped": 1})
	s.Exec("api", "INSERT INTO host_mappings (created_at, cell_id, host) SELECT ?, id, ? FROM cell_mappings WHERE name = 'cell1'", time.Now().UTC(), name)
	return s.Value("cell1", "SELECT uuid FROM services WHERE host = ? AND topic = 'compute'", name), node
}

// Answer has a service answer calls until the test ends: by their methods, with a result
// or an error. Topics are "compute", "conductor" and "scheduler".
func (s *Stack) Answer(topic, host string, answers map[string]any) {
	s.t.Helper()
	s.t.Cleanup(s.Broker.Handle(topic, host, func(_ context.Context, r *rpc.Request) (any, error) {
		if err, failed := answers[r.Method].(error); failed {
			return nil, err
		}
		return answers[r.Method], nil
	}))
}
