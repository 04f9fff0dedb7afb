// Package hardware tells what a flavor and an image together ask of a host, and
// whether they can be had together.
package hardware

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

type kind uint8

const (
	plain kind = iota
	integer
	flexible // a boolean, in any spelling; what is none is false
	dicts
	enum
	architecture
	hypervisor
	vmMode
)

// property is a field of ImageMetaProps.
type property struct {
	name   string
	kind   kind
	values string // that it takes, with blanks between
}

// legacyProperties are older names of properties, and the names of now.
var legacyProperties = [][2]string{
	{"architecture", "hw_architecture"}, {"owner_id", "img_owner_id"}, {"vmware_disktype", "hw_disk_type"}, {"vmware_image_version",
		"img_version"},
	{"vmware_ostype", "os_distro"}, {"auto_disk_config", "hw_auto_disk_config"}, {"ipxe_boot", "hw_ipxe_boot"}, {"xenapi_device_id",
		"hw_device_id"},
	{"xenapi_image_compression_level", "img_compression_level"}, {"vmware_linked_clone", "img_linked_clone"}, {"xenapi_use_agent",
		"img_use_agent"}, {"xenapi_skip_agent_inject_ssh", "os_skip_agent_inject_ssh"},
	{"xenapi_skip_agent_inject_files_at_boot", "os_skip_agent_inject_files_at_boot"}, {"cache_in_nova", "img_cache_in_nova"}, {"vm_mode",
		"hw_vm_mode"}, {"bittorrent", "img_bittorrent"},
	{"mappings", "img_mappings"}, {"block_device_mapping", "img_block_device_mapping"}, {"bdm_v2", "img_bdm_v2"}, {"root_device_name",
		"img_root_device_name"},
	{"hypervisor_version_requires", "img_hv_requested_version"}, {"hypervisor_type", "img_hv_type"},
}

// ImageMeta is an image as hosts see it, its properties typed. A property with a value
// that it cannot have is an InvalidRequest.
func ImageMeta(i *objects.Image) (*objects.ImageMeta, error) {
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
	props, err := imageProperties(i.Properties())
	if errors.Is(err, objects.ErrInvalid) { // of a set of CPUs
		return nil, err
	}
	if err != nil {
		return nil, objects.ErrInvalidRequest.Errorf(objects.KindInvalid, "Invalid image metadata. Error: %s", err)
	}
	return &objects.ImageMeta{Attributes: data, Properties: props}, nil
}

func imageProperties(given map[string]any) (objects.ImageProperties, error) {
	v := objects.ImageProperties{}
	set := func(p property, value any) error {
		typed, err := p.typed(value)
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
		if p.name > "hw_numa" && !numa { // in the order of names, for the first mistake is told
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

// numaProperties reads the properties that are numbered by NUMA node.
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
		m, err := strconv.ParseInt(strings.TrimSpace(fmt.Sprint(value)), 10, 64)
		if err != nil {
			return fmt.Errorf("invalid literal for int() with base 10: '%v'", value)
		}
		mem = append(mem, m)
	}
	if mem != nil {
		v["hw_numa_mem"] = mem
	}
	return nil
}

// cpusMost is how many CPUs the ranges of a set may have together. Any user can write
// a set into an image, and a range of a few characters could fill the memory.
const cpusMost = 1 << 15

// parseCPUs reads a set of CPUs: "0-3,^2,8". The answer is sorted.
func parseCPUs(spec string) ([]int, error) {
	include, exclude, left := map[int]bool{}, map[int]bool{}, cpusMost
	for rule := range strings.SplitSeq(spec, ",") {
		rule = strings.TrimSpace(rule)
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
		from, err := strconv.Atoi(strings.TrimSpace(first))
		until, err2 := strconv.Atoi(strings.TrimSpace(last))
		switch {
		case isRange && (err != nil || err2 != nil || from > until):
			return nil, invalid(objects.ErrInvalid, "Invalid range expression '%s'", rule)
		case err != nil:
			return nil, invalid(objects.ErrInvalid, "Invalid inclusion expression '%s'", rule)
		}
		if until-from >= left {
			return nil, invalid(objects.ErrInvalid, "Invalid range expression '%s'", rule)
		}
		count := until - from + 1
		left -= count
		for n := range count { // until may be the largest int
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

// valueError is an error in Python's words, as clients see them.
func valueError(format string, a ...any) error {
	return &objects.Error{Class: objects.ErrValueError, Message: fmt.Sprintf(format, a...)}
}

func propertyNamed(name string) property {
	n := slices.IndexFunc(properties, func(p property) bool { return p.name == name })
	return properties[n]
}

// typed is the value as the field holds it.
func (p property) typed(value any) (any, error) {
	text := fmt.Sprint(value)
	switch p.kind {
	case integer:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("invalid literal for int() with base 10: '%s'", text)
		}
		return n, nil
	case flexible:
		return objects.Truthy(text), nil
	case dicts:
		return value, nil
	case architecture, hypervisor, vmMode:
		name := canonical(p.kind, strings.ToLower(text))
		if slices.Contains(strings.Fields(p.values), name) {
			return name, nil
		}
		switch p.kind {
		case architecture:
			return nil, valueError("Architecture name '%s' is not valid", text)
		case hypervisor:
			return nil, valueError("Hypervisor virt type '%s' is not valid", text)
		}
		return nil, valueError("Virtual machine mode '%s' is not valid", text)
	case enum:
		text = spelling(p.name, text)
		if !slices.Contains(strings.Fields(p.values), text) {
			return nil, valueError("Field value %s is invalid", text)
		}
	}
	return text, nil
}

// olderNames are names that VMware's images have for models.
var olderNames = map[string]string{"lsilogicsas": "lsisas1068", "paravirtual": "vmpvscsi", "virtuale1000": "e1000",
	"virtuale1000e":  "e1000e",
	"virtualpcnet32": "pcnet", "virtualsriovethernetcard": "sriov", "virtualvmxnet": "vmxnet", "virtualvmxnet3": "vmxnet3"}

// spelling is a value in the spelling that the field has, for fields that take
// several.
func spelling(name, value string) string {
	switch name {
	case "os_type", "hw_scsi_model", "hw_vif_model":
		value = strings.ToLower(value)
		if now, ok := olderNames[value]; ok && name != "os_type" {
			return now
		}
	}
	return value
}

func canonical(k kind, name string) string {
	switch k {
	case architecture:
		switch name {
		case "i386", "i486", "i586", "x86_32", "x86_32p":
			return "i686"
		case "amd64":
			return "x86_64"
		}
	case hypervisor:
		if name == "xapi" {
			return "xen"
		}
	case vmMode:
		switch name {
		case "pv":
			return "xen"
		case "hv", "baremetal":
			return "hvm"
		}
	}
	return name
}
