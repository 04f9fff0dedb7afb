package create

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/objects"
)

// Device is a block device of a server that is built.
type Device struct {
	Source, Destination           string // image, volume, snapshot, blank; local, volume
	GuestFormat, Type, Bus        *string
	BootIndex                     *int64
	Name                          *string // "/dev/vda"
	ImageID, VolumeID, SnapshotID *string
	Size                          *int64 // GiB; below 0: the value was not a valid size
	Tag, VolumeType, AttachmentID *string
	DeleteOnTermination, NoDevice bool
	ConnectionInfo                *string
	Encrypted                     bool
	EncryptionFormat              *string
	// Virtual is virtual_name of block_device_mapping: "swap", "ephemeral0".
	Virtual string
	// Legacy devices come from block_device_mapping; fields that only block_device_mapping_v2 has are unset.
	Legacy bool
}

func errInvalidFormat(details string) error {
	return objects.ErrInvalidBDMFormat.Errorf(objects.KindInvalid, "Block Device Mapping is Invalid: %s", details)
}

func errInvalidDevice(class objects.Class, text string) error {
	return class.Errorf(objects.KindInvalid, "%s", text)
}

func (d *Device) root() bool  { return d.BootIndex != nil && *d.BootIndex == 0 }
func (d *Device) local() bool { return d.Destination == "local" }
func (d *Device) swap() bool {
	return d.Source == "blank" && d.local() && d.GuestFormat != nil && *d.GuestFormat == "swap"
}
func (d *Device) ephemeral() bool { return d.Source == "blank" && d.local() && !d.swap() }

// blockDevice returns the device as a block device mapping of a server; server is "" before its UUID is known.
func (d *Device) blockDevice(server string) *objects.BlockDevice {
	return &objects.BlockDevice{InstanceUUID: server, SourceType: nonEmpty(d.Source), DestinationType: nonEmpty(d.Destination),
		GuestFormat: d.GuestFormat,
		DeviceType:  d.Type, DiskBus: d.Bus, BootIndex: d.BootIndex, DeviceName: d.Name, DeleteOnTermination: d.DeleteOnTermination,
		NoDevice:   d.NoDevice,
		SnapshotID: d.SnapshotID, VolumeID: d.VolumeID, ImageID: d.ImageID, VolumeSize: d.Size, ConnectionInfo: d.ConnectionInfo, Tag: d.Tag,
		AttachmentID: d.AttachmentID, VolumeType: d.VolumeType, Encrypted: d.Encrypted, EncryptionFormat: d.EncryptionFormat, Legacy: d.Legacy}
}

func blockDevices(devices []*Device, server string) []*objects.BlockDevice {
	list := make([]*objects.BlockDevice, len(devices))
	for n, d := range devices {
		list[n] = d.blockDevice(server)
	}
	return list
}

// withDev returns a device name with the prefix /dev/.
func withDev(name string) string {
	if name == "" {
		return ""
	}
	return "/dev/" + strings.TrimPrefix(name, "/dev/")
}

func imageDevice(image string) *Device {
	return &Device{Source: "image", Destination: "local", ImageID: &image, DeleteOnTermination: true, BootIndex: new(int64), Type: new("disk")}
}

func blankDevice(size int64, format *string) *Device {
	return &Device{Source: "blank", Destination: "local", DeleteOnTermination: true, Type: new("disk"), BootIndex: new(int64(-1)),
		GuestFormat: format, Size: &size}
}

// ephemeralName matches the virtual names of ephemeral disks. Like Nova's expression it accepts all decimal digits of
// Unicode and a newline at the end.
var ephemeralName = regexp.MustCompile(`^ephemeral(\p{Nd}|[1-9]\p{Nd}+)\n?$`)

// fromLegacy converts devices of block_device_mapping to the form of block_device_mapping_v2, and adds the image if none
// of them is the root device.
func (b *Builder) fromLegacy(devices []*Device, image, root string, noRoot bool) ([]*Device, error) {
	for _, d := range devices {
		d.Legacy = true
		switch {
		case d.Virtual == "swap" || ephemeralName.MatchString(d.Virtual):
			d.Source, d.Destination, d.DeleteOnTermination = "blank", "local", true
			d.GuestFormat = new("swap")
			if d.Virtual != "swap" {
				d.GuestFormat = nonEmpty(b.o.EphemeralFormat)
			}
		case d.SnapshotID != nil:
			d.Source, d.Destination = "snapshot", "volume"
		case d.VolumeID != nil:
			d.Source, d.Destination = "volume", "volume"
		case !d.NoDevice:
			return nil, errInvalidFormat("Unrecognized legacy format.")
		}
		if err := d.complete(); err != nil {
			return nil, err
		}
	}
	if noRoot {
		for _, d := range devices {
			d.BootIndex = new(int64(-1))
		}
		return devices, nil
	}
	backed := false
	for _, d := range devices {
		switch {
		case d.Source != "" && d.Source != "blank" && d.Name != nil && strings.TrimPrefix(*d.Name, "/dev/") == strings.TrimPrefix(root, "/dev/"):
			d.BootIndex, backed = new(int64), true
		case d.NoDevice:
			d.BootIndex = nil
		default:
			d.BootIndex = new(int64(-1))
		}
	}
	if !backed && image != "" {
		devices = append([]*Device{imageDevice(image)}, devices...)
	}
	return devices, nil
}

// nonEmpty returns nil for "".
func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// imageDevices returns the devices that the properties of an image define.
func (b *Builder) imageDevices(f *objects.Flavor, image *objects.Image, root string) ([]*Device, error) {
	var defined []*Device
	list, _ := image.Properties()["block_device_mapping"].([]any)
	parse, second := parseLegacyDevice, isTruthy(image.Properties()["bdm_v2"])
	if second {
		parse = parseDevice
	}
	for _, one := range list {
		m, _ := one.(map[string]any)
		d, err := parse(m)
		if err != nil {
			return nil, err
		}
		defined = append(defined, d)
	}
	if !second {
		var err error
		if defined, err = b.fromLegacy(defined, "", root, false); err != nil {
			return nil, err
		}
	}
	mappings, _ := image.Properties()["mappings"].([]any)
	var blank []*Device
	for _, one := range mappings {
		m, _ := one.(map[string]any)
		virtual, _ := m["virtual"].(string)
		if virtual != "swap" && !ephemeralName.MatchString(virtual) {
			continue
		}
		format := stringOrNil(m["guest_format"])
		switch {
		case virtual == "swap":
			format = new("swap")
		case format == nil:
			format = nonEmpty(b.o.EphemeralFormat)
		}
		d := blankDevice(0, format)
		d.Size = nil
		if name := stringOrNil(m["device"]); name != nil {
			d.Name = new(withDev(*name))
		}
		if d.Size = sizeOf(f, d); *d.Size != 0 {
			blank = append(blank, d)
		}
	}
	return mergeDevices(blank, defined), nil
}

// mergeDevices returns devices and those of others whose name is not in devices.
func mergeDevices(others, devices []*Device) []*Device {
	all := slices.Clone(devices)
	for _, o := range others {
		if o.Name == nil || !slices.ContainsFunc(devices, func(d *Device) bool { return d.Name != nil && *d.Name == *o.Name }) {
			all = append(all, o)
		}
	}
	return all
}

// sizeOf returns the size of a device in GiB. The size of a blank local device without one is that of the flavor.
func sizeOf(f *objects.Flavor, d *Device) *int64 {
	if d.Size != nil || d.Source != "blank" || !d.local() {
		return d.Size
	}
	if d.swap() {
		return &f.Swap
	}
	return &f.EphemeralGB
}

// devices returns the block devices that the request, the image and the flavor define together.
func (b *Builder) devices(r *Request, image *objects.Image, root string) ([]*Device, error) {
	if root == "" {
		root = "vda"
	}
	if r.Image != "" {
		for _, d := range r.Devices {
			if d.Destination == "volume" && d.Name != nil && strings.TrimPrefix(*d.Name, "/dev/") == root {
				return nil, objects.ErrInvalidRequest.Errorf(objects.KindInvalid,
					"The volume cannot be assigned the same device name as the root device %s", root)
			}
		}
	}
	defined, err := b.imageDevices(r.Flavor, image, root)
	if err != nil {
		return nil, err
	}
	rootDefined := slices.ContainsFunc(defined, (*Device).root)
	devices := r.Devices
	if r.Legacy {
		if devices, err = b.fromLegacy(devices, r.Image, root, rootDefined); err != nil {
			return nil, err
		}
	} else if rootDefined {
		devices = slices.DeleteFunc(slices.Clone(devices), func(d *Device) bool { return d.root() && d.Source == "image" })
	}
	devices = mergeDevices(defined, devices)
	if r.Min > 1 || r.Max > 1 {
		if slices.ContainsFunc(devices, func(d *Device) bool { return d.Source == "volume" }) {
			return nil, objects.ErrInvalidRequest.Errorf(objects.KindInvalid, "Cannot attach one or more volumes to multiple instances")
		}
	}
	ephemeral, swap := slices.ContainsFunc(devices, (*Device).ephemeral), slices.ContainsFunc(devices, (*Device).swap)
	if r.Flavor.EphemeralGB != 0 && !ephemeral {
		devices = append(devices, blankDevice(r.Flavor.EphemeralGB, nil))
	}
	if r.Flavor.Swap != 0 && !swap {
		devices = append(devices, blankDevice(r.Flavor.Swap, new("swap")))
	}
	return devices, nil
}
