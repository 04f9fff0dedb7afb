package hardware

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
)

// Check rejects a flavor and an image whose requirements contradict each other in a release.
func Check(r release.Release, f *objects.Flavor, image *objects.ImageMeta) error {
	a := newRequirements(r, f, image)
	for _, check := range []func() error{a.packedRing, a.memoryEncryption, func() error { return a.unanimous("pmu") }, a.serialPorts,
		func() error { _, err := a.realtime(); return err }, a.topology, a.multiqueue} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// SoundModel returns the model of the sound device; empty without one, and in releases without sound devices. It rejects a
// model that Nova does not know.
func SoundModel(r release.Release, f *objects.Flavor, image *objects.ImageMeta) (string, error) {
	if !r.Has(release.SoundAndUSBModels) {
		return "", nil
	}
	model, err := newRequirements(r, f, image).word("hw", "sound_model")
	if known := []string{"sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"}; err == nil && model != "" &&
		!slices.Contains(known, model) {
		err = &objects.Error{Class: objects.ErrInvalid,
			Message: "Invalid sound device model '" + model + "'. Allowed values: " + strings.Join(known, ", ") + "."}
	}
	return model, err
}

func (a requirements) packedRing() error {
	flavor, image := a.truths("virtio_packed_ring")
	if flavor != nil && image != nil && *flavor != *image {
		return conflict("Flavor has hw:virtio_packed_ring extra spec explicitly set to %s, conflicting with image which has "+
			"hw_virtio_packed_ring explicitly set to %s.", pyBool(*flavor), pyBool(*image))
	}
	return nil
}

func (a requirements) multiqueue() error {
	if a.flavor.VCPUs < 2 {
		return nil
	}
	return a.unanimous("vif_multiqueue_enabled")
}

func (a requirements) serialPorts() error {
	text, _ := a.spec("hw:serial_port_count")
	if text == "" {
		return nil
	}
	n, err := pytext.Int64(text)
	if err != nil {
		return reject(objects.ErrImageSerialPortNumberInvalid,
			"Number of serial ports specified in flavor is invalid: expected an integer, got '%s'", text)
	}
	if m, ok := a.props.Int("hw_serial_port_count"); ok && n != 0 && m > n {
		return reject(objects.ErrImageSerialPortNumberExceedFlavorValue,
			"Forbidden to exceed flavor value of number of serial ports passed in image meta.")
	}
	return nil
}

// encryptionModels are the models of memory encryption. stateless models require firmware without persistent state.
var encryptionModels = []struct {
	name      string
	stateless bool
}{{"amd-sev", false}, {"amd-sev-es", false}, {"amd-sev-snp", true}, {"intel-tdx", true}}

// encryptsMemory reports whether the flavor or the image requests encrypted memory.
func (a requirements) encryptsMemory() (bool, error) {
	flavor, inImage := a.truths("mem_encryption")
	return flavor != nil && *flavor || inImage != nil && *inImage, a.memoryEncryption()
}

func (a requirements) memoryEncryption() error {
	flavor, image := a.truths("mem_encryption")
	inFlavor, inImage := flavor != nil && *flavor, image != nil && *image
	if !inFlavor && !inImage {
		return nil
	}
	if flavor != nil && image != nil && *flavor != *image {
		given, _ := a.spec("hw:mem_encryption")
		return conflict("Flavor %s has hw:mem_encryption extra spec explicitly set to %s, conflicting with image %s which has "+
			"hw_mem_encryption property explicitly set to %s",
			a.flavor.Name, given, a.imageName(), pyBool(*image))
	}
	var by []string
	if inFlavor {
		by = append(by, "hw:mem_encryption extra spec in "+a.flavor.Name+" flavor")
	}
	if inImage {
		by = append(by, "hw_mem_encryption property of image "+a.imageID())
	}
	if !a.release.Has(release.MemoryEncryptionModels) {
		return a.encryptionBySEV(strings.Join(by, " and "))
	}
	return a.encryptionModel(strings.Join(by, " and "))
}

// encryptionBySEV checks the requirements of AMD SEV and SEV-ES, the only models before 2026.2.
func (a requirements) encryptionBySEV(by string) error {
	machine := a.prop("hw_machine_type")
	switch {
	case a.prop("hw_firmware_type") != "uefi":
		return conflict("Memory encryption requested by %s but image %s doesn't have 'hw_firmware_type' property set to 'uefi' or "+
			"volume-backed instance was requested", by, a.imageName())
	case machine != "" && !strings.Contains(machine, "q35"):
		return a.machineConflict("SEV")
	case !a.release.Has(release.SoundAndUSBModels): // the release that brought the choice of a model
		return nil
	}
	name, err := a.encryptionModelName()
	if err == nil && name != "amd-sev" && name != "amd-sev-es" {
		return unknownModel(name, "amd-sev, amd-sev-es")
	}
	return err
}

func (a requirements) machineConflict(model string) error {
	return reject(objects.ErrInvalidMachineType, "Machine type '%s' is not compatible with image %s (%s): q35 type is required for %s to work",
		a.prop("hw_machine_type"), a.imageName(), a.imageID(), model)
}

// unknownModel returns an error without a kind, because Nova's API does not expect it.
func unknownModel(name, known string) error {
	return &objects.Error{Class: objects.ErrInvalid, Message: "Invalid memory encryption model '" + name + "'. Allowed values: " + known + "."}
}

// encryptionModelName returns the model of memory encryption that the flavor and the image request, or the default.
func (a requirements) encryptionModelName() (string, error) {
	flavor, image := a.text("mem_encryption_model")
	if flavor != "" && image != "" && flavor != image {
		return "", conflict("Flavor %s has hw:mem_encryption_model extra spec explicitly set to %s, conflicting with image %s which has "+
			"hw_mem_encryption_model property explicitly set to %s",
			a.flavor.Name, flavor, a.imageName(), image)
	}
	return cmp.Or(image, flavor, "amd-sev"), nil
}

func (a requirements) encryptionModel(by string) error {
	name, err := a.encryptionModelName()
	if err != nil {
		return err
	}
	for _, m := range encryptionModels {
		if m.name != name {
			continue
		}
		machine := a.prop("hw_machine_type")
		switch {
		case a.prop("hw_firmware_type") != "uefi":
			return conflict("Memory encryption is requested by %s but the image metadata doesn't have the 'hw_firmware_type' property set to "+
				"'uefi'", by)
		case machine != "" && !strings.Contains(machine, "q35"):
			return a.machineConflict(name)
		case m.stateless && !a.props.Bool("hw_firmware_stateless"):
			return reject(objects.ErrStatelessFirmwareRequired, "The %s memory encryption model requires stateless firmware but the image "+
				"metadata doesn't have the 'hw_firmware_stateless' property set to True", name)
		case name == "intel-tdx" && a.prop("hw_video_model") != "none":
			return reject(objects.ErrInvalidVideoMode, "The %s memory encryption model is incompatible with an attached video device. Set the "+
				"'hw_video_model' image property to 'none' to disable it", name)
		}
		return nil
	}
	return unknownModel(name, "amd-sev, amd-sev-es, amd-sev-snp, intel-tdx")
}

// UsesAccelerators reports whether a flavor requests accelerators.
func UsesAccelerators(f *objects.Flavor) bool { return f.ExtraSpecs["accel:device_profile"] != "" }

// EphemeralEncryption reports whether local disks are encrypted, and in which format; "" lets the host choose it.
func EphemeralEncryption(f *objects.Flavor, image *objects.ImageMeta) (on bool, format string, err error) {
	a := newRequirements(release.Newest(), f, image)
	flavor, inImage := a.truths("ephemeral_encryption")
	if flavor != nil && inImage != nil && *flavor != *inImage {
		given, _ := a.spec("hw:ephemeral_encryption")
		return false, "", conflict("Flavor %s has hw:ephemeral_encryption extra spec explicitly set to %s, conflicting with image %s which "+
			"has hw_eph_encryption property explicitly set to %s",
			f.Name, given, a.imageName(), pyBool(*inImage))
	}
	if on = flavor != nil && *flavor || inImage != nil && *inImage; !on {
		return false, "", nil
	}
	format, err = a.word("hw", "ephemeral_encryption_format")
	if known := []string{"plain", "luks", "luksv2"}; err == nil && format != "" && !slices.Contains(known, format) {
		err = &objects.Error{Class: objects.ErrInvalid,
			Message: "Invalid ephemeral encryption format " + format + ". Allowed values: " + strings.Join(known, ", ")}
	}
	return on, format, err
}

// Aliases are the PCI aliases of [pci] alias by name.
type Aliases map[string]Alias

// Alias is a PCI alias: alternatives of device properties, and the default NUMA affinity policy.
type Alias struct {
	NUMAPolicy string
	Specs      []map[string]string
}

// PCIAffinity returns the NUMA affinity policy of PCI devices from the flavor or the image; "" is none. Errors:
// ImagePCINUMAPolicyForbidden, InvalidPCINUMAAffinity.
func PCIAffinity(f *objects.Flavor, image *objects.ImageMeta) (string, error) {
	return newRequirements(release.Newest(), f, image).pciAffinity()
}

func (a requirements) pciAffinity() (string, error) {
	policy, inImage := a.text("pci_numa_affinity_policy")
	switch {
	case policy != "" && inImage != "" && policy != inImage:
		return "", reject(objects.ErrImagePCINUMAPolicyForbidden, "Image property 'hw_pci_numa_affinity_policy' is not permitted to override "+
			"the 'hw:pci_numa_affinity_policy' flavor extra spec.")
	case policy == "":
		policy = inImage
	}
	if policy != "" && !slices.Contains([]string{"required", "legacy", "preferred", "socket"}, policy) {
		return "", reject(objects.ErrInvalidPCINUMAAffinity, "Invalid PCI NUMA affinity configured: %s", policy)
	}
	return policy, nil
}

// Devices returns the PCI requests of a flavor. ids returns a new id for each request. Errors: PciRequestAliasNotDefined.
func (l Aliases) Devices(f *objects.Flavor, image *objects.ImageMeta, ids func() string) (*objects.PCIRequests, error) {
	a := newRequirements(release.Newest(), f, image)
	pci := &objects.PCIRequests{}
	policy, err := a.pciAffinity()
	if err != nil {
		return nil, err
	}
	given, ok := a.spec("pci_passthrough:alias")
	if !ok {
		return pci, nil
	}
	for one := range strings.SplitSeq(given, ",") {
		name, count, _ := strings.Cut(one, ":")
		if strings.Count(one, ":") != 1 {
			return nil, valueError("%s is not the name of an alias with a count", pytext.Repr(one))
		}
		name = pytext.Strip(name)
		alias, known := l[name]
		if !known {
			return nil, reject(objects.ErrPciRequestAliasNotDefined, "PCI alias %s is not defined", name)
		}
		n, err := pytext.Int64(count)
		if err != nil {
			return nil, valueError("%s", err)
		}
		affinity := policy
		if affinity == "" {
			affinity = alias.NUMAPolicy
		}
		request := objects.PCIRequest{Count: n, Alias: &name, NUMAPolicy: &affinity, RequestID: new(ids())}
		for _, spec := range alias.Specs {
			device := map[string]any{}
			for key, value := range spec {
				device[key] = value
			}
			request.Spec = append(request.Spec, device)
		}
		pci.Requests = append(pci.Requests, request)
	}
	return pci, nil
}
