package objects

import "encoding/json"

// ComputeNode is a row of a cell's compute_nodes: a hypervisor and its capacity.
// Memory is in MiB, disk in GiB.
type ComputeNode struct {
	ID                 int64
	UUID, Host         string
	HypervisorHostname string
	HypervisorType     string
	HypervisorVersion  int64
	HostIP             *string
	CPUInfo            string // JSON, or ""
	Stats              string // JSON, or ""
	Capacity
	Cell string // UUID of the cell that contains the row
}

// Capacity contains the resources of compute nodes and the usage of these. A pointer is nil if the column is NULL, because
// nova-compute has not reported yet.
type Capacity struct {
	VCPUs, MemoryMB, LocalGB             int64
	VCPUsUsed, MemoryMBUsed, LocalGBUsed int64
	FreeRAMMB, FreeDiskGB                *int64
	CurrentWorkload, RunningVMs          *int64
	DiskAvailableLeast                   *int64
}

// Uptime returns the uptime that nova-compute reports in its stats; ok is false if the stats have none.
func (n *ComputeNode) Uptime() (uptime string, ok bool) {
	var stats struct {
		Uptime *string `json:"uptime"`
	}
	if json.Unmarshal([]byte(n.Stats), &stats) != nil || stats.Uptime == nil {
		return "", false
	}
	return *stats.Uptime, true
}

// NodeStatistics contains the sums over compute nodes.
type NodeStatistics struct {
	Count int64
	Sum   Capacity // its pointers are not nil
}

// Add adds the sums of another cell to s.
func (s *NodeStatistics) Add(o *NodeStatistics) {
	s.Count += o.Count
	a, b := s.Sum.fields(), o.Sum.fields()
	for n := range a {
		*a[n] += *b[n]
	}
}

// Fields returns the numbers by Nova's names, including "count".
func (s *NodeStatistics) Fields() map[string]*int64 {
	m := s.Sum.fields()
	m["count"] = &s.Count
	return m
}

// fields returns pointers to the numbers by Nova's names; it replaces nil pointers by pointers to 0.
func (c *Capacity) fields() map[string]*int64 {
	for _, p := range []**int64{&c.FreeRAMMB, &c.FreeDiskGB, &c.CurrentWorkload, &c.RunningVMs, &c.DiskAvailableLeast} {
		if *p == nil {
			*p = new(int64)
		}
	}
	return map[string]*int64{
		"vcpus": &c.VCPUs, "memory_mb": &c.MemoryMB, "local_gb": &c.LocalGB,
		"vcpus_used": &c.VCPUsUsed, "memory_mb_used": &c.MemoryMBUsed, "local_gb_used": &c.LocalGBUsed,
		"free_ram_mb": c.FreeRAMMB, "free_disk_gb": c.FreeDiskGB, "current_workload": c.CurrentWorkload,
		"running_vms": c.RunningVMs, "disk_available_least": c.DiskAvailableLeast,
	}
}
