package objects

import "slices"

// NUMATopology is the NUMA topology of a server: what was asked for, or once the
// server is on a host, what it got.
type NUMATopology struct {
	Cells                 []NUMACell
	EmulatorThreadsPolicy *string
	InstanceUUID          string // "" where it is only asked for
}

// NUMACell is a NUMA node of a server.
type NUMACell struct {
	ID              int64
	CPUs            []int // that float over the host's shared CPUs
	PinnedCPUs      []int
	ReservedCPUs    []int // for emulator threads; nil: none
	MemoryMB        int64
	PageSizeKB      *int64           // below 0: a word of [hardware]; nil: none asked for
	CPUTopology     *CPUTopology     // nil until it is on a host
	Pinning         map[string]int64 // host CPUs by the server's
	CPUPolicy       *string
	CPUThreadPolicy *string
}

// CPUTopology is how a server's CPUs are grouped.
type CPUTopology struct{ Sockets, Cores, Threads int64 }

// AllCPUs are the server's CPUs in the cell, sorted.
func (c *NUMACell) AllCPUs() []int {
	cpus := slices.Concat(c.CPUs, c.PinnedCPUs)
	slices.Sort(cpus)
	return slices.Compact(cpus)
}

// Siblings are the CPUs in groups that share a core; none where cores have one thread.
func (c *NUMACell) Siblings() (groups [][]int) {
	if c.CPUTopology == nil || c.CPUTopology.Threads <= 1 {
		return nil
	}
	for group := range slices.Chunk(c.AllCPUs(), int(c.CPUTopology.Threads)) {
		groups = append(groups, group)
	}
	return groups
}
