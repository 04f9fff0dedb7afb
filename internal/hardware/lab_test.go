//go:build lab

package hardware_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nova-go/nova/internal/release"
)

// words are extra specs and image properties with values that are worth a try.
var words = map[string][]string{
	"hw:cpu_policy": {"dedicated", "shared", "mixed", "x"}, "hw:cpu_thread_policy": {"prefer", "isolate", "require", "x"}, "hw:numa_nodes": {"1", "2", "3", "0", "-1", "a", "01"},
	"hw:mem_page_size": {"large", "small", "any", "2048", "2MB", "1GiB", "1GB", "x", "2M"}, "hw:cpu_realtime": {"yes", "no"}, "hw:cpu_realtime_mask": {"^0", "0-1", "^0-3", "9", "x"},
	"hw:cpu_dedicated_mask": {"0", "^0", "0-3", "7"}, "hw:emulator_threads_policy": {"share", "isolate", "x"}, "hw:numa_cpus.0": {"0-1", "0-3", "0,9", "1"}, "hw:numa_cpus.1": {"2-3", "1", "3"},
	"hw:numa_mem.0": {"1024", "2048", "4096"}, "hw:numa_mem.1": {"3072", "2048", "1"}, "resources:VCPU": {"4", "x"}, "resources:PCPU": {"4", "5"}, "trait:HW_CPU_HYPERTHREADING": {"forbidden", "required"},
	"hw:pmem": {"4GB,16GB", " "}, "hw:locked_memory": {"True", "False"}, "hw:mem_encryption": {"True", "false"}, "hw:mem_encryption_model": {"amd-sev", "amd-sev-snp", "intel-tdx", "x"},
	"hw:cpu_sockets": {"1", "x"}, "hw:cpu_max_sockets": {"2", "y"}, "hw:cpu_max_cores": {"1", "4"}, "hw:cpu_cores": {"2", "8"}, "hw:serial_port_count": {"2", "x", "0"}, "hw:pmu": {"true", "false"},
	"hw:vif_multiqueue_enabled": {"true", "false"}, "hw:virtio_packed_ring": {"true", "false"}, "hw:sound_model": {"ich9", "x"},
}

var properties = map[string][]string{
	"hw_cpu_policy": {"dedicated", "shared", "mixed", "x"}, "hw_cpu_thread_policy": {"prefer", "isolate", "require"}, "hw_numa_nodes": {"1", "2", "0"}, "hw_mem_page_size": {"2048", "1GB", "large"},
	"hw_cpu_realtime_mask": {"^1", "0-2"}, "hw_numa_cpus.0": {"0-1", "0-3", "x"}, "hw_numa_cpus.1": {"2-3"}, "hw_numa_mem.0": {"2048", "y"}, "hw_numa_mem.1": {"2048"},
	"trait:HW_CPU_HYPERTHREADING": {"required"}, "hw_locked_memory": {"true", "false"}, "hw_mem_encryption": {"true", "false"}, "hw_mem_encryption_model": {"amd-sev", "intel-tdx"},
	"hw_firmware_type": {"uefi", "bios"}, "hw_machine_type": {"q35", "pc"}, "hw_firmware_stateless": {"true"}, "hw_video_model": {"none", "vga"}, "hw_cpu_sockets": {"1", "3"},
	"hw_cpu_max_sockets": {"1", "3"}, "hw_cpu_max_cores": {"2"}, "hw_cpu_cores": {"4"}, "hw_serial_port_count": {"1", "4"}, "hw_pmu": {"true"}, "hw_vif_multiqueue_enabled": {"false"},
	"hw_virtio_packed_ring": {"true"}, "hw_sound_model": {"ich9", "usb"}, "architecture": {"i386", "x86_64", "z80"}, "hypervisor_type": {"xapi", "KVM", "none"}, "vm_mode": {"hv", "pv", "x"},
	"os_type": {"linux", "bsd"}, "vmware_adaptertype": {"ide", "lsiLogic", "lsilogic"}, "auto_disk_config": {"true"}, "hw_qemu_guest_agent": {"yes", "maybe"}, "img_version": {"3", "3.1"},
}

func some(r *rand.Rand, from map[string][]string, n int) map[string]string {
	out := map[string]string{}
	names := slices.Sorted(maps.Keys(from)) // so that each run has the same pairs
	for range r.IntN(n + 1) {
		name := names[r.IntN(len(names))]
		out[name] = from[name][r.IntN(len(from[name]))]
	}
	return out
}

func TestLabLikeNova(t *testing.T) {
	python := os.Getenv("LAB_PYTHON")
	if python == "" {
		t.Skip("LAB_PYTHON names no Python with Nova")
	}
	r := rand.New(rand.NewPCG(1, 2))
	var cases []pair
	for range 6000 {
		n := 1 + r.IntN(4)
		cases = append(cases, pair{VCPUs: []int64{1, 4, 4}[r.IntN(3)], MemoryMB: 4096, Specs: some(r, words, n), Properties: some(r, properties, n-1)})
	}
	packages := os.Getenv("LAB_PACKAGES") // a folder with the unpacked packages of releases by version
	for _, in := range release.All() {
		if packages == "" && in != release.Newest() {
			continue
		}
		for n := range cases {
			cases[n].release = in
		}
		compareWithNova(t, python, filepath.Join(packages, in.Version), cases)
	}
}

func compareWithNova(t *testing.T, python, path string, cases []pair) {
	t.Helper()
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), python, "testdata/oracle.py")
	c.Env = append(os.Environ(), "PYTHONPATH="+path)
	c.Stdin = bytes.NewReader(in)
	text, err := c.Output()
	if err != nil {
		t.Fatalf("%v", err)
	}
	var answers []answer
	if err := json.Unmarshal(text, &answers); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for n, want := range answers {
		if want.Error != "" {
			refused++
		}
		if c := cases[n]; c.release.Major == 29 && c.Specs["hw:virtio_packed_ring"] != "" && c.Properties["hw_virtio_packed_ring"] != "" {
			continue // 2024.1 compares a boolean with a string, and rejects all
		}
		cases[n].compare(t, want)
	}
	t.Logf("%s: %d pairs, %d of them refused", path, len(answers), refused)
}
