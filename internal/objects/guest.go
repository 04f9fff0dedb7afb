package objects

import (
	"encoding/json"
)

// Guest is an instance with the data that the metadata service shows to its guest.
type Guest struct {
	*Instance
	Interfaces    *NetworkInfo // nil: none
	Devices       []Device     // in the order of the row
	DedicatedCPUs []int        // sorted
}

// GuestSystem contains parts of the system metadata that only few requests of guests need.
type GuestSystem struct {
	Password  string // the encrypted password that the guest posted; "": none
	BootRoles string // names of the roles of the user who created the server: "reader,member"
}

// GuestEC2 contains the data that only the EC2-compatible part of the metadata service shows.
type GuestEC2 struct {
	InstanceID    string  // "i-0000002a"
	AMI, AKI, ARI *string // "ami-0000002a"; nil: none
	FlavorName    string
	Disks         []GuestDisk // in the order of their rows
}

// GuestDisk is a row of block_device_mapping, with the columns that guests see.
type GuestDisk struct {
	DeviceName      *string // "/dev/vdb"
	SourceType      string
	DestinationType string
	GuestFormat     string
}

// Device is a device of an instance's device metadata. Pointers are nil for fields that are not set.
type Device struct {
	Kind    string  // "NetworkInterfaceMetadata", "DiskMetadata", "ShareMetadata"
	Bus     *string // "PCIDeviceBus" and so on
	Address *string // on the bus
	Tags    []string
	HasTags bool

	MAC       string
	VLAN      *int64
	VFTrusted *bool

	Serial, Path Text

	ShareID, Tag *string
}

// Text is a field that may be not set, null, or a string.
type Text struct {
	Set   bool
	Value *string
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	t.Set = true
	return json.Unmarshal(b, &t.Value)
}
