// Package hardware derives from a flavor and an image what a server requires of a host, and rejects contradictory
// requirements.
package hardware

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
)

// propertyKind is the type of an image property.
type propertyKind uint8

const (
	plainKind propertyKind = iota
	integerKind
	booleanKind // a boolean in any spelling that oslo.utils accepts; other values are false
	dictsKind
	enumKind
	architectureKind
	hypervisorKind
	vmModeKind
)

// laterValues are values of a property that came with a release.
type laterValues struct {
	since  int // its major version
	values []string
}

// property is a field of Nova's ImageMetaProps.
type property struct {
	name   string
	kind   propertyKind
	values string // allowed values, separated by spaces

	since int // major version of the release that brought it; 0: all known releases have it
	later *laterValues
}

// legacyProperties are pairs of an old name of a property and its current name.
var legacyProperties = [][2]string{
	{"architecture", "hw_architecture"}, {"owner_id", "img_owner_id"}, {"vmware_disktype", "hw_disk_type"},
	{"vmware_image_version", "img_version"},
	{"vmware_ostype", "os_distro"}, {"auto_disk_config", "hw_auto_disk_config"}, {"ipxe_boot", "hw_ipxe_boot"},
	{"xenapi_device_id", "hw_device_id"},
	{"xenapi_image_compression_level", "img_compression_level"}, {"vmware_linked_clone", "img_linked_clone"},
	{"xenapi_use_agent", "img_use_agent"}, {"xenapi_skip_agent_inject_ssh", "os_skip_agent_inject_ssh"},
	{"xenapi_skip_agent_inject_files_at_boot", "os_skip_agent_inject_files_at_boot"}, {"cache_in_nova", "img_cache_in_nova"},
	{"vm_mode", "hw_vm_mode"}, {"bittorrent", "img_bittorrent"},
	{"mappings", "img_mappings"}, {"block_device_mapping", "img_block_device_mapping"}, {"bdm_v2", "img_bdm_v2"},
	{"root_device_name", "img_root_device_name"},
	{"hypervisor_version_requires", "img_hv_requested_version"}, {"hypervisor_type", "img_hv_type"},
}

// ImageMeta returns an image in the form that hosts of a release receive, with typed properties. Errors: InvalidRequest if
// a property has an invalid value.
func ImageMeta(r release.Release, i *objects.Image) (*objects.ImageMeta, error) {
	data := map[string]any{}
	for _, field := range []string{"id", "name", "status", "checksum", "owner", "size", "container_format", "disk_format", "created_at",
		"updated_at", "min_ram", "min_disk"} {
		value, ok := i.Raw[field]
		switch {
		case !ok:
			continue
		case value != nil:
		case field == "size":
			value = 0
		case field != "created_at" && field != "updated_at":
			value = ""
		}
		if text, isText := value.(string); isText && strings.HasSuffix(field, "_at") && len(text) > len("2006-01-02T15:04:05") {
			value = text[:len("2006-01-02T15:04:05")] + "Z"
		}
		data[field] = value
	}
	props, err := imageProperties(r, i.Properties())
	if errors.Is(err, objects.ErrInvalid) { // of an invalid CPU set
		return nil, err
	}
	if err != nil {
		return nil, objects.ErrInvalidRequest.Errorf(objects.KindInvalid, "Invalid image metadata. Error: %s", err)
	}
	return &objects.ImageMeta{Attributes: data, Properties: props}, nil
}

func imageProperties(r release.Release, given map[string]any) (objects.ImageProperties, error) {
	v := objects.ImageProperties{}
	set := func(p property, value any) error {
		typed, err := p.typed(r, value)
		if err == nil {
			v[p.name] = typed
		}
		return err
	}
	for _, names := range legacyProperties {
		if value, ok := given[names[0]]; ok {
			if err := set(propertyNamed(names[1]), value); err != nil {
				return nil, err
			}
		}
	}
	if adapter, ok := given["vmware_adaptertype"].(string); ok && adapter != "" {
		if adapter == "ide" {
			v["hw_disk_bus"] = "ide"
		} else {
			v["hw_disk_bus"] = "scsi"
			if err := set(propertyNamed("hw_scsi_model"), adapter); err != nil {
				return nil, err
			}
		}
	}
	numa := false
	for _, p := range properties {
		if r.Major < p.since {
			continue
		}
		if p.name > "hw_numa" && !numa { // in alphabetical order, because Nova reports the first error in that order
			numa = true
			if err := numaProperties(v, given); err != nil {
				return nil, err
			}
		}
		if value, ok := given[p.name]; ok {
			if err := set(p, value); err != nil {
				return nil, err
			}
		}
	}
	var traits []string
	for name, value := range given {
		if trait, ok := strings.CutPrefix(name, "trait:"); ok && value == "required" {
			traits = append(traits, trait)
		}
	}
	if traits != nil {
		slices.Sort(traits)
		v["traits_required"] = traits
	}
	return v, nil
}

// numaProperties reads the properties whose names end with the number of a NUMA node.
func numaProperties(v objects.ImageProperties, given map[string]any) error {
	var cpus [][]int
	for n := 0; ; n++ {
		value, ok := given[fmt.Sprintf("hw_numa_cpus.%d", n)]
		if !ok {
			break
		}
		set, err := parseCPUs(fmt.Sprint(value))
		if err != nil {
			return err
		}
		cpus = append(cpus, set)
	}
	if cpus != nil {
		v["hw_numa_cpus"] = cpus
	}
	var mem []int64
	for n := 0; ; n++ {
		value, ok := given[fmt.Sprintf("hw_numa_mem.%d", n)]
		if !ok {
			break
		}
		m, err := pytext.Int64(fmt.Sprint(value))
		if err != nil {
			return err
		}
		mem = append(mem, m)
	}
	if mem != nil {
		v["hw_numa_mem"] = mem
	}
	return nil
}

// maxCPUs limits the number of CPUs in the ranges of a set. All users can set such a property of an image, and without a
// limit a short range could exhaust the memory.
const maxCPUs = 1 << 15

// parseCPUs parses a set of CPUs such as "0-3,^2,8" and returns it sorted.
func parseCPUs(spec string) ([]int, error) {
	include, exclude, left := map[int]bool{}, map[int]bool{}, maxCPUs
	for rule := range strings.SplitSeq(spec, ",") {
		rule = pytext.Strip(rule)
		if rule == "" {
			continue
		}
		to := include
		first, last, isRange := strings.Cut(rule, "-")
		if rest, not := strings.CutPrefix(first, "^"); not {
			to, first = exclude, rest
		}
		if !isRange {
			last = first
		}
		from, err := cpuNumber(first)
		until, err2 := cpuNumber(last)
		invalid := func(kind string) error {
			return reject(objects.ErrInvalid, "Invalid %s expression %s", kind, pytext.Repr(rule))
		}
		switch {
		case isRange && (err != nil || err2 != nil || from > until):
			return nil, invalid("range")
		case err == nil && uint64(until-from) >= uint64(left): // unsigned, because the difference may exceed the largest int
			return nil, invalid("range")
		case err != nil && first != rule:
			return nil, invalid("exclusion")
		case err != nil:
			return nil, invalid("inclusion")
		}
		count := until - from + 1
		left -= count
		for n := range count { // counts instead of comparing, because until may be the largest int
			to[from+n] = true
		}
	}
	set := []int{}
	for n := range include {
		if !exclude[n] {
			set = append(set, n)
		}
	}
	slices.Sort(set)
	return set, nil
}

// cpuNumber parses the number of a CPU as Python's strip and int do.
func cpuNumber(text string) (int, error) {
	n, err := pytext.Int64(pytext.Strip(text))
	return int(n), err
}

// valueError returns an error of Python's class ValueError, whose text clients receive.
func valueError(format string, a ...any) error {
	return &objects.Error{Class: objects.ErrValueError, Message: fmt.Sprintf(format, a...)}
}

func propertyNamed(name string) property {
	n := slices.IndexFunc(properties, func(p property) bool { return p.name == name })
	return properties[n]
}

// typed returns the value in the type of the property.
func (p property) typed(r release.Release, value any) (any, error) {
	text := fmt.Sprint(value)
	switch p.kind {
	case integerKind:
		return pytext.Int64(text)
	case booleanKind:
		return pytext.Truthy(text), nil
	case dictsKind:
		return value, nil
	case architectureKind, hypervisorKind, vmModeKind:
		name := canonicalName(p.kind, strings.ToLower(text))
		if slices.Contains(strings.Fields(p.values), name) {
			return name, nil
		}
		switch p.kind {
		case architectureKind:
			return nil, valueError("Architecture name '%s' is not valid", text)
		case hypervisorKind:
			return nil, valueError("Hypervisor virt type '%s' is not valid", text)
		}
		return nil, valueError("Virtual machine mode '%s' is not valid", text)
	case enumKind:
		text = canonicalValue(p.name, text)
		if !slices.Contains(p.allowed(r), text) {
			return nil, valueError("Field value %s is invalid", text)
		}
	}
	return text, nil
}

// allowed returns the values that a release accepts.
func (p property) allowed(r release.Release) []string {
	values := strings.Fields(p.values)
	if p.later != nil && r.Major >= p.later.since {
		values = append(values, p.later.values...)
	}
	return values
}

// olderNames maps device models in images of VMware to Nova's names.
var olderNames = map[string]string{"lsilogicsas": "lsisas1068", "paravirtual": "vmpvscsi", "virtuale1000": "e1000",
	"virtuale1000e":  "e1000e",
	"virtualpcnet32": "pcnet", "virtualsriovethernetcard": "sriov", "virtualvmxnet": "vmxnet", "virtualvmxnet3": "vmxnet3"}

// canonicalValue returns the canonical spelling of a value, for properties that accept several spellings.
func canonicalValue(name, value string) string {
	switch name {
	case "os_type", "hw_scsi_model", "hw_vif_model":
		value = strings.ToLower(value)
		if now, ok := olderNames[value]; ok && name != "os_type" {
			return now
		}
	}
	return value
}

func canonicalName(k propertyKind, name string) string {
	switch k {
	case architectureKind:
		switch name {
		case "i386", "i486", "i586", "x86_32", "x86_32p":
			return "i686"
		case "amd64":
			return "x86_64"
		}
	case hypervisorKind:
		if name == "xapi" {
			return "xen"
		}
	case vmModeKind:
		switch name {
		case "pv":
			return "xen"
		case "hv", "baremetal":
			return "hvm"
		}
	}
	return name
}
