package objects

import (
	"encoding/json"
)

// Guest is an instance as the metadata service shows it to itself.
type Guest struct {
	*Instance
	Interfaces    *NetworkInfo // nil: none
	Devices       []Device     // in the order of the row
	DedicatedCPUs []int        // sorted
}

// GuestSystem is what its system metadata tells of a guest that few ask for.
type GuestSystem struct {
	Password  string // the encrypted one that the guest has posted; "": none
	BootRoles string // names of the roles of who created it, "reader,member"
}

// GuestEC2 is what only the EC2 side of the metadata service shows.
type GuestEC2 struct {
	InstanceID    string  // "i-0000002a"
	AMI, AKI, ARI *string // "ami-0000002a"; nil: none
	FlavorName    string
	Disks         []GuestDisk // in the order of their rows
}

// GuestDisk is a row of block_device_mapping, as far as guests see it.
type GuestDisk struct {
	DeviceName      *string // "/dev/vdb"
	SourceType      string
	DestinationType string
	GuestFormat     string
}

// Device is an entry of an instance's device metadata. Pointers are fields that
// may be unset.
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

// Text is a field that may be unset, null, or a string.
type Text struct {
	Set   bool
	Value *string
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	t.Set = true
	return json.Unmarshal(b, &t.Value)
}
