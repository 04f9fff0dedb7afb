package flavors

import (
	_ "embed"
	"strings"

	"github.com/nova-go/nova/internal/release"
)

// The extra specs that Nova 34.0.0 defines, except traits and resource classes.

// namedSpecs are the extra specs with a fixed name in the newest release.
var namedSpecs = map[string]valueRule{
	"accel:device_profile": anyRule{},
	"group_policy":         oneOfRule{"isolate", "none"},
	"hide_hypervisor_id":   booleanRule{}, // deprecated, replaced by hw:hide_hypervisor_id

	"hw:boot_menu":                   booleanRule{},
	"hw:cpu_cores":                   integerRule{min: pointerTo(1)},
	"hw:cpu_dedicated_mask":          cpuSet,
	"hw:cpu_max_cores":               integerRule{min: pointerTo(1)},
	"hw:cpu_max_sockets":             integerRule{min: pointerTo(1)},
	"hw:cpu_max_threads":             integerRule{min: pointerTo(1)},
	"hw:cpu_policy":                  oneOfRule{"dedicated", "shared", "mixed"},
	"hw:cpu_realtime":                booleanRule{},
	"hw:cpu_realtime_mask":           newPattern(`(\^)?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*`),
	"hw:cpu_sockets":                 integerRule{min: pointerTo(1)},
	"hw:cpu_thread_policy":           oneOfRule{"prefer", "isolate", "require"},
	"hw:cpu_threads":                 integerRule{min: pointerTo(1)},
	"hw:emulator_threads_policy":     oneOfRule{"isolate", "share"},
	"hw:ephemeral_encryption":        booleanRule{},
	"hw:ephemeral_encryption_format": oneOfRule{"plain", "luks", "luksv2"},
	"hw:hide_hypervisor_id":          booleanRule{},
	"hw:locked_memory":               booleanRule{},
	"hw:mem_encryption":              booleanRule{},
	"hw:mem_encryption_model":        oneOfRule{"amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"},
	"hw:mem_page_size":               newPattern(`(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)`),
	"hw:numa_nodes":                  integerRule{min: pointerTo(1)},
	"hw:pci_numa_affinity_policy":    oneOfRule{"required", "preferred", "legacy", "socket"},
	"hw:pmem":                        newPattern(`([a-zA-Z0-9_]+(,)?)+`),
	"hw:pmu":                         booleanRule{},
	"hw:redirected_usb_ports":        integerRule{min: pointerTo(0), max: pointerTo(15)},
	"hw:serial_port_count":           integerRule{min: pointerTo(0)},
	"hw:sound_model":                 oneOfRule{"sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"},
	"hw:tpm_model":                   oneOfRule{"tpm-tis", "tpm-crb"},
	"hw:tpm_secret_security":         oneOfRule{"user", "host", "deployment"},
	"hw:tpm_version":                 oneOfRule{"1.2", "2.0"},
	"hw:usb_model":                   oneOfRule{"none", "nec-xhci", "qemu-xhci"},
	"hw:vif_multiqueue_enabled":      booleanRule{},
	"hw:viommu_model":                oneOfRule{"intel", "smmuv3", "virtio", "auto"},
	"hw:virtio_packed_ring":          booleanRule{},
	"hw:watchdog_action":             oneOfRule{"none", "pause", "poweroff", "reset", "disabled"},

	"hw_rng:allowed":     booleanRule{},
	"hw_rng:rate_bytes":  integerRule{min: pointerTo(0)},
	"hw_rng:rate_period": integerRule{min: pointerTo(0)},

	"hw_video:ram_max_mb": integerRule{min: pointerTo(0)},

	"os:secure_boot": oneOfRule{"disabled", "required"},

	"pci_passthrough:alias": newPattern(`[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*`),

	"quota:cpu_limit":            integerRule{min: pointerTo(0)},
	"quota:cpu_period":           integerRule{min: pointerTo(0)},
	"quota:cpu_quota":            integerRule{},
	"quota:cpu_reservation":      integerRule{},
	"quota:cpu_shares":           integerRule{min: pointerTo(0)},
	"quota:cpu_shares_level":     oneOfRule{"custom", "high", "normal", "low"},
	"quota:cpu_shares_share":     integerRule{min: pointerTo(0)},
	"quota:disk_io_limit":        integerRule{min: pointerTo(0)},
	"quota:disk_io_reservation":  integerRule{},
	"quota:disk_io_shares_level": oneOfRule{"custom", "high", "normal", "low"},
	"quota:disk_io_shares_share": integerRule{min: pointerTo(0)},
	"quota:disk_read_bytes_sec":  integerRule{min: pointerTo(0)},
	"quota:disk_read_iops_sec":   integerRule{min: pointerTo(0)},
	"quota:disk_total_bytes_sec": integerRule{min: pointerTo(0)},
	"quota:disk_total_iops_sec":  integerRule{min: pointerTo(0)},
	"quota:disk_write_bytes_sec": integerRule{min: pointerTo(0)},
	"quota:disk_write_iops_sec":  integerRule{min: pointerTo(0)},
	"quota:memory_limit":         integerRule{min: pointerTo(0)},
	"quota:memory_reservation":   integerRule{},
	"quota:memory_shares_level":  oneOfRule{"custom", "high", "normal", "low"},
	"quota:memory_shares_share":  integerRule{min: pointerTo(0)},
	"quota:vif_inbound_average":  integerRule{min: pointerTo(0)},
	"quota:vif_inbound_burst":    integerRule{min: pointerTo(0)},
	"quota:vif_inbound_peak":     integerRule{min: pointerTo(0)},
	"quota:vif_limit":            integerRule{min: pointerTo(0)},
	"quota:vif_outbound_average": integerRule{min: pointerTo(0)},
	"quota:vif_outbound_burst":   integerRule{min: pointerTo(0)},
	"quota:vif_outbound_peak":    integerRule{min: pointerTo(0)},
	"quota:vif_reservation":      integerRule{},
	"quota:vif_shares_level":     oneOfRule{"custom", "high", "normal", "low"},
	"quota:vif_shares_share":     integerRule{min: pointerTo(0)},

	"vmware:hw_version":     anyRule{},
	"vmware:storage_policy": anyRule{},
}

// laterSpecs are the named extra specs that came with a change of a release.
var laterSpecs = map[string]release.Change{
	"hw:cpu_max_cores":        release.CPUTopologySpecs,
	"hw:cpu_max_sockets":      release.CPUTopologySpecs,
	"hw:cpu_max_threads":      release.CPUTopologySpecs,
	"hw:mem_encryption_model": release.SoundAndUSBModels,
	"hw:redirected_usb_ports": release.SoundAndUSBModels,
	"hw:sound_model":          release.SoundAndUSBModels,
	"hw:tpm_secret_security":  release.VTPMLiveMigration,
	"hw:usb_model":            release.SoundAndUSBModels,
}

// formerSpecs are the named extra specs, and the rules, that a change replaced.
var formerSpecs = map[string]struct {
	until release.Change
	rule  valueRule
}{
	"hw:max_cpu_cores":        {release.CPUTopologySpecs, integerRule{min: pointerTo(1)}},
	"hw:max_cpu_sockets":      {release.CPUTopologySpecs, integerRule{min: pointerTo(1)}},
	"hw:max_cpu_threads":      {release.CPUTopologySpecs, integerRule{min: pointerTo(1)}},
	"hw:mem_encryption_model": {release.MemoryEncryptionModels, oneOfRule{"amd-sev", "amd-sev-es"}},
}

// namedSpec returns the rule for an extra spec with a fixed name in a release.
func namedSpec(r release.Release, key string) (valueRule, bool) {
	if change, later := laterSpecs[key]; later && !r.Has(change) {
		return nil, false
	}
	if former, ok := formerSpecs[key]; ok && !r.Has(former.until) {
		return former.rule, true
	}
	rule, ok := namedSpecs[key]
	return rule, ok
}

// capabilities are compared with the fields that a compute node reports; the path to a nested
// value may follow the last ones.
var (
	plainCapabilities = setOf(
		"aggregates", "cell_uuid", "cpu_allocation_ratio", "current_workload", "disk_allocation_ratio",
		"disk_available_least", "disk_mb_used", "failed_builds", "free_disk_gb", "free_disk_mb", "free_ram_mb",
		"host", "host_ip", "hypervisor_hostname", "hypervisor_type", "hypervisor_version", "id", "local_gb",
		"local_gb_used", "mapped", "memory_mb", "memory_mb_used", "num_instances", "num_io_ops",
		"ram_allocation_ratio", "running_vms", "service_id", "total_usable_disk_gb", "total_usable_ram_mb",
		"updated", "uuid", "vcpus", "vcpus_total", "vcpus_used",
	)
	nestedCapabilities = setOf(
		"cpu_info", "instances", "limits", "metrics", "nodename", "numa_topology", "pci_device_pools", "pci_stats",
		"stats", "supported_hv_specs", "supported_instances",
	)
)

// The traits and resource classes of os-traits 3 and os-resource-classes 1.

//go:embed traits.txt
var traitNames string

//go:embed resources.txt
var resourceNames string

var (
	traits          = setOf(strings.Fields(traitNames)...)
	resourceClasses = setOf(strings.Fields(resourceNames)...)
)
