package objects

import "slices"

// NUMATopology is the NUMA topology of a server: the requested one, or after the server is on a host, the allocated one.
type NUMATopology struct {
	Cells                 []NUMACell
	EmulatorThreadsPolicy *string
	InstanceUUID          string // "" for a requested topology
}

// NUMACell is a NUMA node of a server.
type NUMACell struct {
	ID              int64
	CPUs            []int // not pinned to host CPUs
	PinnedCPUs      []int
	ReservedCPUs    []int // for emulator threads; nil: none
	MemoryMB        int64
	PageSizeKB      *int64           // below 0: a constant of package hardware; nil: not requested
	CPUTopology     *CPUTopology     // nil before the server is on a host
	Pinning         map[string]int64 // host CPU by guest CPU
	CPUPolicy       *string
	CPUThreadPolicy *string
}

// CPUTopology is the topology of a server's CPUs.
type CPUTopology struct{ Sockets, Cores, Threads int64 }

// AllCPUs returns the guest CPUs of the cell, sorted.
func (c *NUMACell) AllCPUs() []int {
	cpus := slices.Concat(c.CPUs, c.PinnedCPUs)
	slices.Sort(cpus)
	return slices.Compact(cpus)
}

// Siblings returns the groups of guest CPUs that share a core. It is nil if cores have one thread.
func (c *NUMACell) Siblings() (groups [][]int) {
	if c.CPUTopology == nil || c.CPUTopology.Threads <= 1 {
		return nil
	}
	for group := range slices.Chunk(c.AllCPUs(), int(c.CPUTopology.Threads)) {
		groups = append(groups, group)
	}
	return groups
}
