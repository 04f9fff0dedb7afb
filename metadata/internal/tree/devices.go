package tree

import (
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pyjson"
)

var buses = map[string]string{
	"PCIDeviceBus": "pci", "USBDeviceBus": "usb", "SCSIDeviceBus": "scsi", "IDEDeviceBus": "ide", "XenDeviceBus": "xen",
}

// deviceList returns the member "devices" for a metadata version. It leaves out devices that
// the version does not define, and devices on a bus that Nova does not name.
func deviceList(devices []objects.Device, v int) []pyjson.Object {
	list := []pyjson.Object{}
	for _, d := range devices {
		if o, ok := device(d, v); ok {
			list = append(list, o)
		}
	}
	return list
}

func device(d objects.Device, v int) (pyjson.Object, bool) {
	bus, address := "none", "none"
	if d.Bus != nil {
		var known bool
		if bus, known = buses[*d.Bus]; !known {
			return nil, false
		}
		if d.Address != nil {
			address = *d.Address
		}
	}
	var o pyjson.Object
	switch {
	case d.Kind == "NetworkInterfaceMetadata":
		if v >= ocata && d.VLAN != nil {
			o.Set("vlan", *d.VLAN)
		}
		if v >= rocky {
			o.Set("vf_trusted", d.VFTrusted != nil && *d.VFTrusted)
		}
		if len(o) == 0 && !d.HasTags {
			return nil, false // the device has no data for guests
		}
		o.Set("type", "nic")
		o.Set("mac", d.MAC)
	case d.Kind == "DiskMetadata":
		o.Set("type", "disk")
		if d.Serial.Set {
			o.Set("serial", d.Serial.Value)
		}
		if d.Path.Set {
			o.Set("path", d.Path.Value)
		}
	case d.Kind == "ShareMetadata" && v >= epoxy:
		o.Set("type", "share")
		o.Set("share_id", d.ShareID)
		o.Set("tag", d.Tag)
	default:
		return nil, false
	}
	o.Set("bus", bus)
	o.Set("address", address)
	if d.HasTags {
		o.Set("tags", d.Tags)
	}
	return o, true
}
