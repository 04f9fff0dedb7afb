package hardware

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
)

var (
	cpuPolicies     = []string{"dedicated", "shared", "mixed"}
	threadPolicies  = []string{"prefer", "isolate", "require"}
	emulatorThreads = []string{"share", "isolate"}
)

// cpuPolicy returns dedicated, shared, mixed, or "" if none is requested.
func (a requirements) cpuPolicy() (string, error) {
	flavor, image := a.text("cpu_policy")
	if flavor != "" && !slices.Contains(cpuPolicies, flavor) {
		return "", reject(objects.ErrInvalidCPUAllocationPolicy,
			"CPU policy requested from 'flavor extra specs' is invalid, given: '%s', available: '%s'.", flavor, pyTuple(cpuPolicies))
	}
	forbidden := flavor == "mixed" && image == "dedicated" || flavor == "shared" && (image == "mixed" || image == "dedicated")
	switch {
	case forbidden:
		return "", reject(objects.ErrImageCPUPinningForbidden,
			"Image property 'hw_cpu_policy' is not permitted to override CPU pinning policy set against the flavor")
	case flavor != "":
		return flavor, nil
	}
	return image, nil
}

func (a requirements) threadPolicy() (string, error) {
	flavor, image := a.text("cpu_thread_policy")
	switch {
	case flavor != "" && !slices.Contains(threadPolicies, flavor):
		return "", reject(objects.ErrInvalidCPUThreadAllocationPolicy,
			"CPU thread policy requested from 'flavor extra specs' is invalid, given: '%s', available: '%s'.", flavor, pyTuple(threadPolicies))
	case flavor == "":
		return image, nil
	case flavor != "prefer" && image != "" && image != flavor:
		return "", reject(objects.ErrImageCPUThreadPolicyForbidden,
			"Image property 'hw_cpu_thread_policy' is not permitted to override CPU thread pinning policy set against the flavor")
	}
	return flavor, nil
}

func (a requirements) emulatorPolicy() (string, error) {
	policy, _ := a.spec("hw:emulator_threads_policy")
	if policy != "" && !slices.Contains(emulatorThreads, policy) {
		return "", reject(objects.ErrInvalidEmulatorThreadsPolicy,
			"CPU emulator threads option requested is invalid, given: '%s', available: '%s'.", policy, pyTuple(emulatorThreads))
	}
	return policy, nil
}

// allCPUs returns the numbers of the flavor's vCPUs.
func (a requirements) allCPUs() []int {
	cpus := make([]int, a.flavor.VCPUs)
	for n := range cpus {
		cpus[n] = n
	}
	return cpus
}

// mask parses a set of the flavor's vCPUs. A set that begins with an exclusion ("^0") excludes from all vCPUs.
func (a requirements) mask(text string) ([]int, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "^") {
		text = "0-" + itoa(int(a.flavor.VCPUs-1)) + "," + text
	}
	return parseCPUs(text)
}

func (a requirements) dedicated() ([]int, error) {
	text, _ := a.spec("hw:cpu_dedicated_mask")
	if text == "" {
		return nil, nil
	}
	cpus, err := a.mask(text)
	switch {
	case err != nil:
		return nil, err
	case len(cpus) == 0 || len(without(a.allCPUs(), cpus)) == 0:
		return nil, reject(objects.ErrInvalidMixedInstanceDedicatedMask,
			"Mixed instance must have at least 1 pinned vCPU and 1 unpinned vCPU. See 'hw:cpu_dedicated_mask'.")
	case len(without(cpus, a.allCPUs())) > 0:
		return nil, reject(objects.ErrInvalidMixedInstanceDedicatedMask,
			`Mixed instance dedicated vCPU(s) mask is not a subset of vCPUs in the flavor. See "hw:cpu_dedicated_mask"`)
	}
	return cpus, nil
}

func (a requirements) realtime() ([]int, error) {
	if on, _ := a.spec("hw:cpu_realtime"); !pytext.Truthy(on) {
		return nil, nil
	}
	flavor, image := a.text("cpu_realtime_mask")
	text := image
	if text == "" {
		text = flavor
	}
	cpus := a.allCPUs()
	if text != "" {
		var err error
		if cpus, err = a.mask(text); err != nil {
			return nil, err
		}
	}
	noneLeft := reject(objects.ErrRealtimeMaskNotFoundOrInvalid,
		"Use of realtime CPUs requires either one or more non-realtime CPU(s) or offloaded emulator threads.")
	if len(cpus) == 0 { // Nova checks this before the policy of emulator threads
		return nil, noneLeft
	}
	emulator, err := a.emulatorPolicy()
	switch {
	case err != nil:
		return nil, err
	case emulator == "" && slices.Equal(cpus, a.allCPUs()):
		return nil, noneLeft
	case len(without(cpus, a.allCPUs())) > 0:
		return nil, reject(objects.ErrRealtimeMaskNotFoundOrInvalid, "Realtime policy vCPU(s) mask is configured with RT vCPUs that are not "+
			"a subset of the vCPUs in the flavor. See hw:cpu_realtime_mask or hw_cpu_realtime_mask")
	}
	return cpus, nil
}

var (
	vcpuResource   = regexp.MustCompile(`^resources([1-9][0-9]*)?:VCPU`)
	pcpuResource   = regexp.MustCompile(`^resources([1-9][0-9]*)?:PCPU`)
	hyperthreading = regexp.MustCompile(`^trait([1-9][0-9]*)?:HW_CPU_HYPERTHREADING`)
)

// resources returns the numbers of VCPU and PCPU resources that the flavor's extra specs request from Placement.
func (a requirements) resources() (vcpus, pcpus int64) {
	for key, value := range a.flavor.ExtraSpecs {
		n, err := pytext.Int64(value)
		switch {
		case err != nil:
		case vcpuResource.MatchString(key):
			vcpus += n
		case pcpuResource.MatchString(key):
			pcpus += n
		}
	}
	return vcpus, pcpus
}

// hyperthreads returns the value of the trait HW_CPU_HYPERTHREADING: required, forbidden, or "" if it is absent.
func (a requirements) hyperthreads() string {
	for key, value := range a.flavor.ExtraSpecs {
		if hyperthreading.MatchString(key) {
			return value
		}
	}
	switch traits := a.props["traits_required"].(type) {
	case []string:
		if slices.Contains(traits, "HW_CPU_HYPERTHREADING") {
			return "required"
		}
	case []any:
		if slices.Contains(traits, any("HW_CPU_HYPERTHREADING")) {
			return "required"
		}
	}
	return ""
}

// topology checks the requested sockets, cores and threads against their maximums.
func (a requirements) topology() error {
	flavorMost, imageMost, err := a.numbers("cpu_max_sockets", "cpu_max_cores", "cpu_max_threads")
	if err != nil {
		return err
	}
	most := make([]int64, 3)
	for n := range most {
		if flavorMost[n] != 0 && imageMost[n] > flavorMost[n] {
			return reject(objects.ErrImageVCPULimitsRangeExceeded, "Image vCPU topology limits (sockets=%d, cores=%d, threads=%d) exceeds the "+
				"limits of the flavor (sockets=%d, cores=%d, threads=%d)",
				imageMost[0], imageMost[1], imageMost[2], flavorMost[0], flavorMost[1], flavorMost[2])
		}
	}
	for n := range most {
		most[n] = 65536
		if imageMost[n] != 0 {
			most[n] = imageMost[n]
		} else if flavorMost[n] != 0 {
			most[n] = flavorMost[n]
		}
	}
	_, image, err := a.numbers("cpu_sockets", "cpu_cores", "cpu_threads")
	if err != nil {
		return err
	}
	for n := range most {
		if image[n] > most[n] {
			return reject(objects.ErrImageVCPUTopologyRangeExceeded, "Image vCPU topology (sockets=%d, cores=%d, threads=%d) exceeds the limits "+
				"of the flavor or image (sockets=%d, cores=%d, threads=%d)",
				image[0], image[1], image[2], most[0], most[1], most[2])
		}
	}
	return nil
}

// without returns the cpus that are not in others.
func without(cpus, others []int) []int {
	return slices.DeleteFunc(slices.Clone(cpus), func(n int) bool { return slices.Contains(others, n) })
}

// intersection returns the cpus that are also in others.
func intersection(cpus, others []int) []int {
	out := []int{}
	for _, n := range cpus {
		if slices.Contains(others, n) {
			out = append(out, n)
		}
	}
	return out
}
