package objects

import "slices"

// ParseNUMATopology reads instance_extra.numa_topology; no text is no topology.
func ParseNUMATopology(text []byte) (*NUMATopology, error) {
	if len(text) == 0 {
		return nil, nil
	}
	v, err := parseStored[struct {
		Cells []stored[struct {
			ID          int64            `json:"id"`
			CPUs        []int64          `json:"cpuset"`
			Pinned      []int64          `json:"pcpuset"`
			Memory      int64            `json:"memory"`
			PageSize    *int64           `json:"pagesize"`
			Pinning     map[string]int64 `json:"cpu_pinning_raw"`
			CPUTopology *stored[struct {
				Threads int `json:"threads"`
			}] `json:"cpu_topology"`
		}] `json:"cells"`
	}](text)
	if err != nil {
		return nil, err
	}
	t := &NUMATopology{}
	for _, c := range v.Cells {
		d := c.Data
		cpus := append(slices.Clone(d.CPUs), d.Pinned...)
		slices.Sort(cpus)
		cpus = slices.Compact(cpus)
		cell := NUMACell{ID: d.ID, MemoryMB: d.Memory, CPUs: cpus, Pinning: d.Pinning, PageSizeKB: d.PageSize}
		if d.CPUTopology != nil && d.CPUTopology.Data.Threads > 1 {
			for group := range slices.Chunk(cpus, d.CPUTopology.Data.Threads) {
				cell.Siblings = append(cell.Siblings, group)
			}
		}
		t.Cells = append(t.Cells, cell)
	}
	return t, nil
}
