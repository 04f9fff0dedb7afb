package hardware

import (
	"maps"
	"regexp"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
)

// resourceSpec matches an extra spec that requests resources from Placement: for the server, or for a numbered or named
// request group.
var resourceSpec = regexp.MustCompile(`^resources([a-zA-Z0-9_-]{1,64})?:(.+)$`)

// Resources returns the amounts of the resource classes of Placement that a server needs, without those that are 0. image
// is nil if it is not considered. groups are the request groups that do not come from the flavor, such as those of ports.
// As in Nova's scheduler, extra specs take precedence over the flavor's vCPUs, memory and disk.
func Resources(r release.Release, f *objects.Flavor, image *objects.ImageMeta, volumeBacked bool,
	groups ...*objects.RequestGroup) (map[string]int64, error) {
	a := newRequirements(r, f, image)
	own, rest := map[string]int64{}, map[string]int64{} // of the server, of request groups
	for key, value := range f.ExtraSpecs {
		m := resourceSpec.FindStringSubmatch(key)
		if m == nil {
			continue
		}
		n, err := pytext.Int64(value)
		switch {
		case err != nil || n < 0: // Nova logs a warning and ignores it
		case m[1] == "":
			own[m[2]] = n
		default:
			rest[m[2]] += n
		}
	}
	if err := a.pinned(own); err != nil {
		return nil, err
	}
	for _, g := range groups {
		for class, n := range g.Resources {
			rest[class] += n
		}
	}
	a.plainResources(own, rest, volumeBacked)
	encrypted, err := a.encryptsMemory()
	if err != nil {
		return nil, err
	}
	if encrypted {
		own["MEM_ENCRYPTION_CONTEXT"] = 1
	}
	pmem, _ := a.spec("hw:pmem")
	count := map[string]int64{}
	for label := range strings.SplitSeq(pmem, ",") {
		if label = strings.TrimSpace(label); label != "" {
			count[className("PMEM_NAMESPACE_"+label)]++
		}
	}
	maps.Copy(own, count)
	for class, n := range rest {
		own[class] += n
	}
	maps.DeleteFunc(own, func(_ string, n int64) bool { return n == 0 })
	return own, nil
}

// plainResources adds the flavor's vCPUs, memory and disk, unless extra specs or groups specify these.
func (a requirements) plainResources(own, rest map[string]int64, volumeBacked bool) {
	has := func(class string) bool {
		_, inOwn := own[class]
		_, inRest := rest[class]
		return inOwn || inRest
	}
	if !has("VCPU") && !has("PCPU") {
		own["VCPU"] = a.flavor.VCPUs
	}
	if !has("MEMORY_MB") {
		own["MEMORY_MB"] = a.flavor.MemoryMB
	}
	if !has("DISK_GB") {
		disk := a.flavor.EphemeralGB + (a.flavor.Swap+1023)/1024
		if !volumeBacked {
			disk += a.flavor.RootGB
		}
		own["DISK_GB"] = disk
	}
}

// pinned adds the PCPUs of the dedicated and mixed CPU policies.
func (a requirements) pinned(own map[string]int64) error {
	policy, err := a.cpuPolicy()
	if err != nil || policy != "dedicated" && policy != "mixed" {
		return err
	}
	pcpus := a.flavor.VCPUs
	if policy == "mixed" {
		dedicated, err := a.dedicated()
		if err != nil {
			return err
		}
		if dedicated == nil {
			if dedicated, err = a.realtime(); err != nil {
				return err
			}
		}
		pcpus = int64(len(dedicated))
		own["VCPU"] = a.flavor.VCPUs - pcpus
	}
	emulator, err := a.emulatorPolicy()
	if emulator == "isolate" {
		pcpus++
	}
	own["PCPU"] = pcpus
	return err
}

// Classes returns the amounts of the resource classes of the flavor's PCI devices, for deployments that track PCI devices
// in Placement.
func (l Aliases) Classes(f *objects.Flavor) (map[string]int64, error) {
	pci, err := l.Devices(f, nil, func() string { return "" })
	if err != nil {
		return nil, err
	}
	classes := map[string]int64{}
	for _, r := range pci.Requests {
		if len(r.Spec) == 0 {
			continue
		}
		field := func(name string) string { s, _ := r.Spec[0][name].(string); return s }
		class := field("resource_class")
		switch {
		case class == "":
			class = className("PCI_" + field("vendor_id") + "_" + field("product_id"))
		case standardDevices[strings.ToUpper(class)] || strings.HasPrefix(strings.ToUpper(class), "CUSTOM_"):
			class = strings.ToUpper(class)
		default:
			class = className(class)
		}
		classes[class] += r.Count
	}
	return classes, nil
}

// standardDevices are the standard resource classes of devices in Placement.
var standardDevices = map[string]bool{"PCI_DEVICE": true, "SRIOV_NET_VF": true, "VGPU": true, "PGPU": true, "FPGA": true}

// notInClass matches the characters that a custom resource class cannot contain.
var notInClass = regexp.MustCompile(`[^A-Z0-9_]+`)

// className returns the custom resource class for a name.
func className(name string) string {
	name = notInClass.ReplaceAllString(strings.ToUpper(name), "_")
	return "CUSTOM_" + name
}
