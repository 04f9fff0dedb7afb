package hardware

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
)

// Page sizes of NUMACell.PageSizeKB that are not a number of KiB.
const (
	pagesSmall = -1
	pagesLarge = -2
	pagesAny   = -3
)

// maxNodes limits the numbers of NUMA nodes in names of extra specs.
const maxNodes = 128

// Topology returns the NUMA topology that a flavor and an image request, or nil.
func Topology(r release.Release, f *objects.Flavor, image *objects.ImageMeta) (*objects.NUMATopology, error) {
	a := newRequirements(r, f, image)
	p, err := a.policies()
	if err != nil {
		return nil, err
	}
	nodes, err := a.nodes()
	if err != nil {
		return nil, err
	}
	pages, err := a.pages()
	if err != nil {
		return nil, err
	}
	if err := a.lockedMemory(); err != nil {
		return nil, err
	}
	pmem, _ := a.spec("hw:pmem")
	if nodes == 0 && pages == nil && strings.Trim(pmem, " ,") == "" && p.cpu != "dedicated" && p.cpu != "mixed" {
		return nil, nil
	}
	cells, err := a.cells(max(nodes, 1), p.dedicated)
	if err != nil {
		return nil, err
	}
	for n := range cells {
		cells[n].PageSizeKB, cells[n].CPUPolicy, cells[n].CPUThreadPolicy = pages, orNil(p.cpu), orNil(p.threads)
	}
	return &objects.NUMATopology{Cells: cells, EmulatorThreadsPolicy: orNil(p.emulator)}, nil
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// policies contains the CPU policies of a server.
type policies struct {
	cpu, threads, emulator string
	dedicated              []int
}

func (a requirements) policies() (p policies, err error) {
	if p.cpu, err = a.cpuPolicy(); err != nil {
		return p, err
	}
	if p.threads, err = a.threadPolicy(); err != nil {
		return p, err
	}
	realtime, err := a.realtime()
	if err != nil {
		return p, err
	}
	if p.dedicated, err = a.dedicated(); err != nil {
		return p, err
	}
	if p.emulator, err = a.emulatorPolicy(); err != nil {
		return p, err
	}
	if err := a.resourcePolicies(&p); err != nil {
		return p, err
	}
	if err := p.check(realtime); err != nil {
		return p, err
	}
	switch {
	case p.cpu == "dedicated":
		p.dedicated = a.allCPUs()
	case p.cpu == "mixed" && len(p.dedicated) == 0:
		p.dedicated = realtime
	}
	return p, nil
}

// resourcePolicies derives policies from resources and traits in the extra specs, and rejects contradictions.
func (a requirements) resourcePolicies(p *policies) error {
	vcpus, pcpus := a.resources()
	bad := func(text string) error { return reject(objects.ErrInvalidRequest, "%s", text) }
	switch {
	case p.cpu != "" && (vcpus != 0 || pcpus != 0):
		return bad("It is not possible to use the 'resources:VCPU' or 'resources:PCPU' extra specs in combination with the 'hw:cpu_policy' " +
			"extra spec or 'hw_cpu_policy' image metadata property; use one or the other")
	case vcpus != 0 && pcpus != 0:
		return bad("It is not possible to specify both 'resources:VCPU' and 'resources:PCPU' extra specs; use one or the other")
	case pcpus != 0 && p.emulator == "isolate" && a.flavor.VCPUs+1 != pcpus:
		return bad("You have requested 'hw:emulator_threads_policy=isolate' but have not requested sufficient PCPUs to handle this policy; " +
			"you must allocate exactly flavor.vcpus + 1 PCPUs.")
	case pcpus != 0 && p.emulator != "isolate" && a.flavor.VCPUs != pcpus:
		return bad("There is a mismatch between the number of PCPUs requested via 'resourcesNN:PCPU' and the flavor); you must allocate " +
			"exactly flavor.vcpus PCPUs")
	case pcpus != 0:
		p.cpu = "dedicated"
	case vcpus != 0:
		p.cpu = "shared"
	}
	threads := a.hyperthreads()
	if p.threads != "" && threads != "" {
		return bad("It is not possible to use the 'trait:HW_CPU_HYPERTHREADING' extra spec in combination with the 'hw:cpu_thread_policy' " +
			"extra spec or 'hw_cpu_thread_policy' image metadata property; use one or the other")
	}
	switch threads {
	case "forbidden":
		p.threads = "isolate"
	case "required":
		p.threads = "require"
	}
	return nil
}

func (p policies) check(realtime []int) error {
	mixedOnly := reject(objects.ErrRequiredMixedInstancePolicy, "Cannot specify 'hw:cpu_dedicated_mask' without the 'mixed' policy.")
	switch p.cpu {
	case "", "shared":
		switch {
		case p.threads != "":
			return reject(objects.ErrCPUThreadPolicyConfigurationInvalid,
				"Cannot set cpu thread pinning policy in a non dedicated cpu pinning policy")
		case p.emulator == "isolate":
			return reject(objects.ErrBadRequirementEmulatorThreadsPolicy,
				"An isolated CPU emulator threads option requires a dedicated CPU policy option.")
		case len(p.dedicated) > 0:
			return mixedOnly
		case len(realtime) > 0:
			return reject(objects.ErrRealtimeConfigurationInvalid, "Cannot set realtime policy in a non dedicated cpu pinning policy")
		}
	case "dedicated":
		if len(p.dedicated) > 0 {
			return mixedOnly
		}
	case "mixed":
		if (len(realtime) > 0) == (len(p.dedicated) > 0) {
			return reject(objects.ErrRequiredMixedOrRealtimeCPUMask, "Dedicated CPU set can be specified from either 'hw:cpu_dedicated_mask' or "+
				"'hw:cpu_realtime_mask' when using 'mixed' CPU policy. "+
				"'hw:cpu_dedicated_mask' and 'hw:cpu_realtime_mask' can not be specified at the same time, or be specified with none of them.")
		}
	}
	return nil
}

func numaForbiddenError(name string) error {
	return reject(objects.ErrImageNUMATopologyForbidden,
		"Image property '%s' is not permitted to override NUMA configuration set against the flavor", name)
}

// nodes returns the requested number of NUMA nodes; 0 if none is requested.
func (a requirements) nodes() (int, error) {
	flavor, image := a.text("numa_nodes")
	text := flavor
	switch {
	case flavor != "" && image != "" && image != "0":
		return 0, numaForbiddenError("hw_numa_nodes")
	case flavor == "" && image == "":
		return 0, nil
	case flavor == "":
		text = image
	}
	n, err := pytext.Int64(text)
	if err != nil || n < 1 || !pytext.IsIntLike(text) {
		return 0, reject(objects.ErrInvalidNUMANodesNumber, "The property 'numa_nodes' cannot be '%s'. It must be a number greater than 0", text)
	}
	return int(n), nil
}

// pages returns the requested page size in KiB or as one of the constants; nil if none is requested.
func (a requirements) pages() (*int64, error) {
	flavor, image := a.text("mem_page_size")
	if flavor == "" && image == "" {
		return nil, nil
	}
	against := func(of string) error {
		return reject(objects.ErrMemoryPageSizeForbidden, "Page size %s forbidden against '%s'", image, of)
	}
	if flavor == "" {
		return nil, against("<empty>")
	}
	size, err := pageSize(flavor)
	switch {
	case err != nil:
		return nil, err
	case image == "":
		return &size, nil
	case size == pagesAny || size == pagesLarge:
		return pageSizeAny(image)
	}
	return nil, against(flavor)
}

func pageSizeAny(text string) (*int64, error) {
	n, err := pageSize(text)
	if err != nil {
		return nil, err
	}
	return &n, nil
}

func pageSize(text string) (int64, error) {
	switch text {
	case "any":
		return pagesAny, nil
	case "large":
		return pagesLarge, nil
	case "small":
		return pagesSmall, nil
	}
	if pytext.IsDigits(text) {
		n, err := pytext.Int64(text)
		if err != nil { // a digit without a decimal value, such as U+2460, which Nova does not expect
			return 0, valueError("%s", err)
		}
		return n, nil
	}
	bytes, ok := pytext.Bytes(text)
	if !ok {
		return 0, reject(objects.ErrMemoryPageSizeInvalid, "Invalid memory page size '%s'", text)
	}
	switch size := bytes / 1024; {
	case size >= math.MaxInt64:
		return math.MaxInt64, nil
	case size <= math.MinInt64:
		return math.MinInt64, nil
	default:
		return int64(size), nil
	}
}

// lockedMemory checks that memory can be locked if the flavor or the image requests that.
func (a requirements) lockedMemory() error {
	flavor, image := a.truths("locked_memory")
	byKind := a.release.Has(release.LockMemoryInvalid)
	if flavor != nil && image != nil && *flavor != *image {
		kind := objects.KindInvalid
		if !byKind {
			kind = 0 // Nova's API did not expect it
		}
		return objects.ErrFlavorImageLockedMemoryConflict.Errorf(kind,
			"locked_memory value in image (%s) and flavor (%s) conflict. A consistent value is expected if both specified.", pyBool(*image),
			pyBool(*flavor))
	}
	locked := flavor != nil && *flavor || flavor == nil && image != nil && *image
	if !locked && !a.release.Has(release.MemoryEncryptionModels) {
		return nil
	}
	if !locked {
		return a.memoryEncryption()
	}
	if ofFlavor, ofImage := a.text("mem_page_size"); ofFlavor == "" && ofImage == "" {
		kind := objects.KindInvalid
		if !byKind {
			kind = objects.KindForbidden
		}
		return objects.ErrLockMemoryForbidden.Errorf(kind, "locked_memory value in image or flavor is forbidden when mem_page_size is not set.")
	}
	return nil
}

// perNode returns the values of an extra spec for the NUMA nodes 0, 1 and so on.
func perNode[T any](a requirements, key string, read func(string) (T, error)) ([]T, error) {
	var list []T
	for n := range maxNodes {
		text, ok := a.spec(fmt.Sprintf("%s.%d", key, n))
		if !ok {
			break
		}
		value, err := read(text)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

// cells returns the NUMA cells of the server.
func (a requirements) cells(nodes int, dedicated []int) ([]objects.NUMACell, error) {
	cpus, err := perNode(a, "hw:numa_cpus", parseCPUs)
	if err != nil {
		return nil, err
	}
	mem, err := perNode(a, "hw:numa_mem", func(s string) (int64, error) {
		n, err := pytext.Int64(s)
		if err != nil {
			err = valueError("%s", err)
		}
		return n, err
	})
	if err != nil {
		return nil, err
	}
	imageCPUs, imageMem := a.props["hw_numa_cpus"], a.props["hw_numa_mem"]
	switch {
	case cpus != nil && imageCPUs != nil:
		return nil, numaForbiddenError("hw_numa_cpus")
	case imageCPUs != nil:
		cpus, _ = imageCPUs.([][]int)
	}
	switch {
	case mem != nil && imageMem != nil:
		return nil, numaForbiddenError("hw_numa_mem")
	case imageMem != nil:
		mem, _ = imageMem.([]int64)
	}
	switch {
	case cpus == nil && mem == nil:
		return a.evenCells(nodes, dedicated)
	case cpus == nil || mem == nil || len(cpus) != nodes || len(mem) != nodes:
		return nil, reject(objects.ErrImageNUMATopologyIncomplete, "CPU and memory allocation must be provided for all NUMA nodes")
	}
	return a.givenCells(cpus, mem, dedicated)
}

// newCell returns a NUMA cell with a set of CPUs, of which those of dedicated are pinned.
func newCell(id int, cpus, dedicated []int, mem int64) objects.NUMACell {
	return objects.NUMACell{ID: int64(id), CPUs: without(cpus, dedicated), PinnedCPUs: intersection(cpus, dedicated), MemoryMB: mem}
}

// evenCells distributes the CPUs and the memory evenly over the NUMA nodes.
func (a requirements) evenCells(nodes int, dedicated []int) ([]objects.NUMACell, error) {
	n := int64(nodes)
	if a.flavor.VCPUs%n != 0 || a.flavor.MemoryMB%n != 0 {
		return nil, reject(objects.ErrImageNUMATopologyAsymmetric, "Instance CPUs and/or memory cannot be evenly distributed across instance "+
			"NUMA nodes. Explicit assignment of CPUs and memory to nodes is required")
	}
	each := int(a.flavor.VCPUs / n)
	var cells []objects.NUMACell
	for id := range nodes {
		cells = append(cells, newCell(id, a.allCPUs()[id*each:(id+1)*each], dedicated, a.flavor.MemoryMB/n))
	}
	return cells, nil
}

// givenCells returns the NUMA cells with the CPUs and the memory that flavor or image assign to each node.
func (a requirements) givenCells(cpus [][]int, mem []int64, dedicated []int) ([]objects.NUMACell, error) {
	free := a.allCPUs()
	var total int64
	var cells []objects.NUMACell
	for id, set := range cpus {
		for _, cpu := range set {
			switch {
			case int64(cpu) > a.flavor.VCPUs-1:
				return nil, reject(objects.ErrImageNUMATopologyCPUOutOfRange, "CPU number %d is larger than max %d", cpu, a.flavor.VCPUs-1)
			case !slices.Contains(free, cpu):
				return nil, reject(objects.ErrImageNUMATopologyCPUDuplicates, "CPU number %d is assigned to two nodes", cpu)
			}
			free = without(free, []int{cpu})
		}
		cells = append(cells, newCell(id, set, dedicated, mem[id]))
		total += mem[id]
	}
	switch {
	case len(free) > 0:
		return nil, reject(objects.ErrImageNUMATopologyCPUsUnassigned, "CPU number %s is not assigned to any node", pySet(free))
	case total != a.flavor.MemoryMB:
		return nil, reject(objects.ErrImageNUMATopologyMemoryOutOfRange, "%d MB of memory assigned, but expected %d MB", total,
			a.flavor.MemoryMB)
	}
	return cells, nil
}

// pySet returns repr() of Python for a set of integers.
func pySet(cpus []int) string {
	texts := make([]string, len(cpus))
	for n, c := range cpus {
		texts[n] = itoa(c)
	}
	return "{" + strings.Join(texts, ", ") + "}"
}

func itoa(n int) string { return strconv.Itoa(n) }
