package hardware_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/versioned"
)

// pair is a flavor and an image.
type pair struct {
	VCPUs      int64             `json:"vcpus"`
	MemoryMB   int64             `json:"memory_mb"`
	Specs      map[string]string `json:"specs"`
	Properties map[string]string `json:"properties"`
	release    release.Release   // zero: the newest
}

func (p pair) in() release.Release {
	if p.release.Major == 0 {
		return release.Newest()
	}
	return p.release
}

// answer is what Nova makes of it.
type answer struct {
	Topology, Properties json.RawMessage
	Error, Message       string
}

func (p pair) flavor() *objects.Flavor {
	return &objects.Flavor{Name: "f", VCPUs: p.VCPUs, MemoryMB: p.MemoryMB, ExtraSpecs: p.Specs}
}

func (p pair) image() *objects.Image {
	properties := map[string]any{}
	for name, value := range p.Properties {
		properties[name] = value
	}
	return &objects.Image{Raw: map[string]any{"id": "9073cf55-5434-4077-b7f6-7c776bacf4cc", "name": "i", "status": "active", "properties": properties}}
}

// ask is what we make of it.
func (p pair) ask() (topology *versioned.Object, properties any, err error) {
	meta, err := hardware.ImageMeta(p.in(), p.image())
	if err != nil {
		return nil, nil, err
	}
	numa, err := hardware.Topology(p.in(), p.flavor(), meta)
	if err != nil {
		return nil, nil, err
	}
	if err := hardware.Check(p.in(), p.flavor(), meta); err != nil {
		return nil, nil, err
	}
	_, err = hardware.SoundModel(p.in(), p.flavor(), meta)
	return versioned.NUMATopology(numa), versioned.ImageMeta(meta).For(p.in()).Data["properties"], err
}

func (p pair) compare(t *testing.T, want answer) {
	t.Helper()
	topology, properties, err := p.ask()
	var domain *objects.Error
	switch {
	case want.Error != "" && err == nil:
		t.Errorf("%+v: Nova refuses it with %s: %s", p, want.Error, want.Message)
	case want.Error == "" && err != nil:
		t.Errorf("%+v: refused with %v", p, err)
	case err != nil && (!errors.As(err, &domain) || domain.Message != want.Message || domain.Class.Name() != want.Error):
		t.Errorf("%+v: refused with %q (%T), Nova with %s %q", p, err, err, want.Error, want.Message)
	case err == nil:
		if got, want := plain(t, topology), plain(t, want.Topology); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: the topology is\n%v, Nova's\n%v", p, got, want)
		}
		if got, want := plain(t, properties), plain(t, want.Properties); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: the properties are\n%v, Nova's\n%v", p, got, want)
		}
	}
}

// plain is an object as JSON has it; the order of changes is none.
func plain(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	var sort func(any)
	sort = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				sort(one)
			}
		case map[string]any:
			for name, one := range v {
				if list, ok := one.([]any); ok && name == "nova_object.changes" {
					slices.SortFunc(list, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
				}
				sort(one)
			}
		}
	}
	sort(out)
	return out
}

func TestTopology(t *testing.T) {
	specs := func(kv ...string) map[string]string {
		m := map[string]string{}
		for n := 0; n < len(kv); n += 2 {
			m[kv[n]] = kv[n+1]
		}
		return m
	}
	const cell = `{"nova_object.name": "InstanceNUMACell", "nova_object.namespace": "nova", "nova_object.version": "1.6", "nova_object.data": {"id": 0, "cpuset": [], "pcpuset": [0, 1],
		"cpuset_reserved": null, "memory": 2048, "pagesize": -2, "cpu_pinning_raw": null, "cpu_policy": "dedicated", "cpu_thread_policy": null},
		"nova_object.changes": ["cpu_pinning_raw", "cpuset", "id", "cpuset_reserved", "memory", "cpu_thread_policy", "pagesize", "pcpuset", "cpu_policy"]}`
	second := strings.NewReplacer(`"id": 0`, `"id": 1`, `[0, 1]`, `[2, 3]`).Replace(cell)
	got, _, err := pair{4, 4096, specs("hw:numa_nodes", "2", "hw:cpu_policy", "dedicated", "hw:mem_page_size", "large", "hw:emulator_threads_policy", "share"), nil, release.Release{}}.ask()
	if err != nil {
		t.Fatal(err)
	}
	want := json.RawMessage(`{"nova_object.name": "InstanceNUMATopology", "nova_object.namespace": "nova", "nova_object.version": "1.3",
		"nova_object.data": {"cells": [` + cell + `, ` + second + `], "emulator_threads_policy": "share"}, "nova_object.changes": ["cells", "emulator_threads_policy"]}`)
	if a, b := plain(t, got), plain(t, want); !reflect.DeepEqual(a, b) {
		t.Errorf("got\n%v\nwant\n%v", a, b)
	}
	if got, _, err := (pair{4, 4096, specs("hw:cpu_policy", "shared"), nil, release.Release{}}).ask(); got != nil || err != nil {
		t.Errorf("nothing special is asked for: %v, %v", got, err)
	}
	for _, c := range []struct {
		specs, properties map[string]string
		class, message    string
	}{
		{specs("hw:numa_nodes", "3"), nil, "ImageNUMATopologyAsymmetric", "Instance CPUs and/or memory cannot be evenly distributed across instance NUMA nodes. Explicit assignment of CPUs and memory to nodes is required"},
		{specs("hw:mem_page_size", "2M"), nil, "MemoryPageSizeInvalid", "Invalid memory page size '2M'"},
		{specs("hw:cpu_policy", "shared"), specs("hw_cpu_policy", "dedicated"), "ImageCPUPinningForbidden", "Image property 'hw_cpu_policy' is not permitted to override CPU pinning policy set against the flavor"},
		{specs("hw:cpu_max_sockets", "y"), nil, "InvalidRequest", "Invalid flavor extra spec. Error: invalid literal for int() with base 10: 'y'"},
		{nil, specs("architecture", "z80"), "InvalidRequest", "Invalid image metadata. Error: Architecture name 'z80' is not valid"},
		{specs("hw:pmu", "true"), specs("hw_pmu", "false"), "FlavorImageConflict", "Flavor f has hw:pmu extra spec explicitly set to True, conflicting with image i which has hw_pmu explicitly set to False."},
	} {
		pair{4, 4096, c.specs, c.properties, release.Release{}}.compare(t, answer{Error: c.class, Message: c.message})
	}
}

func TestPCIDevices(t *testing.T) {
	aliases := hardware.Aliases{"gpu": {NUMAPolicy: "legacy", Specs: []map[string]string{{"vendor_id": "10de", "product_id": "1db4"}}}}
	meta, err := hardware.ImageMeta(release.Newest(), pair{}.image())
	if err != nil {
		t.Fatal(err)
	}
	f := &objects.Flavor{ExtraSpecs: map[string]string{"pci_passthrough:alias": "gpu:2", "hw:pci_numa_affinity_policy": "required"}}
	got, err := aliases.Devices(f, meta, func() string { return "id" })
	if err != nil {
		t.Fatal(err)
	}
	if r := got.Requests; len(r) != 1 || *r[0].NUMAPolicy != "required" || r[0].Count != 2 || *r[0].Alias != "gpu" {
		t.Errorf("got %v", plain(t, got))
	}
	f.ExtraSpecs["pci_passthrough:alias"] = "fpga:1"
	if _, err := aliases.Devices(f, meta, nil); !errors.Is(err, objects.ErrPciRequestAliasNotDefined) || err.Error() != "PCI alias fpga is not defined" {
		t.Errorf("got %v", err)
	}
}

// A range that would fill the memory, or never end, is refused. Others are as long
// as Nova takes them.
func TestRangesOfCPUs(t *testing.T) {
	node := func(cpus string) map[string]string {
		return map[string]string{"hw:numa_nodes": "1", "hw:numa_cpus.0": cpus, "hw:numa_mem.0": "1024"}
	}
	for name, c := range map[string]struct {
		pair pair
		want string
	}{
		"an image":                     {pair{2, 1024, nil, map[string]string{"hw_numa_cpus.0": "0-4000000000"}, release.Release{}}, "Invalid range expression '0-4000000000'"},
		"an image without its numbers": {pair{2, 1024, nil, map[string]string{"hw_numa_cpus.0": "0-1,^0-9223372036854775807"}, release.Release{}}, "Invalid range expression '^0-9223372036854775807'"},
		"a flavor":                     {pair{2, 1024, node("0-4000000000"), nil, release.Release{}}, "Invalid range expression '0-4000000000'"},
		"the end of all integers":      {pair{2, 1024, node("9223372036854775806-9223372036854775807"), nil, release.Release{}}, "CPU number 9223372036854775806 is larger than max 1"},
		"many ranges":                  {pair{2, 1024, node(strings.Repeat("0-30000,", 20)), nil, release.Release{}}, "Invalid range expression '0-30000'"},
		"a mask":                       {pair{2, 1024, map[string]string{"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0-4000000000"}, nil, release.Release{}}, "Invalid range expression '0-4000000000'"},
		"a mask for realtime":          {pair{2, 1024, map[string]string{"hw:cpu_realtime": "yes"}, map[string]string{"hw_cpu_realtime_mask": "^1-4000000000"}, release.Release{}}, "Invalid range expression '^1-4000000000'"},
		"no CPU for realtime": {pair{2, 1024, map[string]string{"hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "^0-1", "hw:emulator_threads_policy": "x"}, nil, release.Release{}},
			"Use of realtime CPUs requires either one or more non-realtime CPU(s) or offloaded emulator threads."},
		"more than the flavor": {pair{2, 1024, node("0-20000"), nil, release.Release{}}, "CPU number 2 is larger than max 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := c.pair.ask()
			var domain *objects.Error
			if !errors.As(err, &domain) || domain.Message != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
