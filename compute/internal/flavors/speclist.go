package flavors

import (
	_ "embed"
	"strings"
)

// The extra specs that Nova 34.0.0 defines, except traits and resource classes.

// namedSpecs are the extra specs with a fixed name.
var namedSpecs = map[string]valueRule{
	"accel:device_profile": anything{},
	"group_policy":         oneOf{"isolate", "none"},
	"hide_hypervisor_id":   boolean{}, // deprecated, replaced by hw:hide_hypervisor_id

	"hw:boot_menu":                   boolean{},
	"hw:cpu_cores":                   integer{min: pointerTo(1)},
	"hw:cpu_dedicated_mask":          cpuSet,
	"hw:cpu_max_cores":               integer{min: pointerTo(1)},
	"hw:cpu_max_sockets":             integer{min: pointerTo(1)},
	"hw:cpu_max_threads":             integer{min: pointerTo(1)},
	"hw:cpu_policy":                  oneOf{"dedicated", "shared", "mixed"},
	"hw:cpu_realtime":                boolean{},
	"hw:cpu_realtime_mask":           format(`(\^)?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*`),
	"hw:cpu_sockets":                 integer{min: pointerTo(1)},
	"hw:cpu_thread_policy":           oneOf{"prefer", "isolate", "require"},
	"hw:cpu_threads":                 integer{min: pointerTo(1)},
	"hw:emulator_threads_policy":     oneOf{"isolate", "share"},
	"hw:ephemeral_encryption":        boolean{},
	"hw:ephemeral_encryption_format": oneOf{"plain", "luks", "luksv2"},
	"hw:hide_hypervisor_id":          boolean{},
	"hw:locked_memory":               boolean{},
	"hw:mem_encryption":              boolean{},
	"hw:mem_encryption_model":        oneOf{"amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"},
	"hw:mem_page_size":               format(`(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)`),
	"hw:numa_nodes":                  integer{min: pointerTo(1)},
	"hw:pci_numa_affinity_policy":    oneOf{"required", "preferred", "legacy", "socket"},
	"hw:pmem":                        format(`([a-zA-Z0-9_]+(,)?)+`),
	"hw:pmu":                         boolean{},
	"hw:redirected_usb_ports":        integer{min: pointerTo(0), max: pointerTo(15)},
	"hw:serial_port_count":           integer{min: pointerTo(0)},
	"hw:sound_model":                 oneOf{"sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"},
	"hw:tpm_model":                   oneOf{"tpm-tis", "tpm-crb"},
	"hw:tpm_secret_security":         oneOf{"user", "host", "deployment"},
	"hw:tpm_version":                 oneOf{"1.2", "2.0"},
	"hw:usb_model":                   oneOf{"none", "nec-xhci", "qemu-xhci"},
	"hw:vif_multiqueue_enabled":      boolean{},
	"hw:viommu_model":                oneOf{"intel", "smmuv3", "virtio", "auto"},
	"hw:virtio_packed_ring":          boolean{},
	"hw:watchdog_action":             oneOf{"none", "pause", "poweroff", "reset", "disabled"},

	"hw_rng:allowed":     boolean{},
	"hw_rng:rate_bytes":  integer{min: pointerTo(0)},
	"hw_rng:rate_period": integer{min: pointerTo(0)},

	"hw_video:ram_max_mb": integer{min: pointerTo(0)},

	"os:secure_boot": oneOf{"disabled", "required"},

	"pci_passthrough:alias": format(`[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*`),

	"quota:cpu_limit":            integer{min: pointerTo(0)},
	"quota:cpu_period":           integer{min: pointerTo(0)},
	"quota:cpu_quota":            integer{},
	"quota:cpu_reservation":      integer{},
	"quota:cpu_shares":           integer{min: pointerTo(0)},
	"quota:cpu_shares_level":     oneOf{"custom", "high", "normal", "low"},
	"quota:cpu_shares_share":     integer{min: pointerTo(0)},
	"quota:disk_io_limit":        integer{min: pointerTo(0)},
	"quota:disk_io_reservation":  integer{},
	"quota:disk_io_shares_level": oneOf{"custom", "high", "normal", "low"},
	"quota:disk_io_shares_share": integer{min: pointerTo(0)},
	"quota:disk_read_bytes_sec":  integer{min: pointerTo(0)},
	"quota:disk_read_iops_sec":   integer{min: pointerTo(0)},
	"quota:disk_total_bytes_sec": integer{min: pointerTo(0)},
	"quota:disk_total_iops_sec":  integer{min: pointerTo(0)},
	"quota:disk_write_bytes_sec": integer{min: pointerTo(0)},
	"quota:disk_write_iops_sec":  integer{min: pointerTo(0)},
	"quota:memory_limit":         integer{min: pointerTo(0)},
	"quota:memory_reservation":   integer{},
	"quota:memory_shares_level":  oneOf{"custom", "high", "normal", "low"},
	"quota:memory_shares_share":  integer{min: pointerTo(0)},
	"quota:vif_inbound_average":  integer{min: pointerTo(0)},
	"quota:vif_inbound_burst":    integer{min: pointerTo(0)},
	"quota:vif_inbound_peak":     integer{min: pointerTo(0)},
	"quota:vif_limit":            integer{min: pointerTo(0)},
	"quota:vif_outbound_average": integer{min: pointerTo(0)},
	"quota:vif_outbound_burst":   integer{min: pointerTo(0)},
	"quota:vif_outbound_peak":    integer{min: pointerTo(0)},
	"quota:vif_reservation":      integer{},
	"quota:vif_shares_level":     oneOf{"custom", "high", "normal", "low"},
	"quota:vif_shares_share":     integer{min: pointerTo(0)},

	"vmware:hw_version":     anything{},
	"vmware:storage_policy": anything{},
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
