package objects

import (
	"encoding/json"
	"slices"
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

type storedDevice struct {
	Bus *stored[struct {
		Address *string `json:"address"`
	}] `json:"bus"`
	Tags      *[]string `json:"tags"`
	MAC       string    `json:"mac"`
	VLAN      *int64    `json:"vlan"`
	VFTrusted *bool     `json:"vf_trusted"`
	Serial    Text      `json:"serial"`
	Path      Text      `json:"path"`
	ShareID   *string   `json:"share_id"`
	Tag       *string   `json:"tag"`
}

// ParseDeviceMetadata reads instance_extra.device_metadata; no text is no devices.
func ParseDeviceMetadata(text []byte) ([]Device, error) {
	v, err := parseStored[struct {
		Devices []stored[storedDevice] `json:"devices"`
	}](text)
	if err != nil {
		return nil, err
	}
	devices := make([]Device, 0, len(v.Devices))
	for _, s := range v.Devices {
		d := Device{Kind: s.Name, MAC: s.Data.MAC, VLAN: s.Data.VLAN, VFTrusted: s.Data.VFTrusted,
			Serial: s.Data.Serial, Path: s.Data.Path, ShareID: s.Data.ShareID, Tag: s.Data.Tag}
		if s.Data.Bus != nil {
			d.Bus, d.Address = &s.Data.Bus.Name, s.Data.Bus.Data.Address
		}
		if s.Data.Tags != nil {
			d.Tags, d.HasTags = *s.Data.Tags, true
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// ParseDedicatedCPUs reads the CPUs that instance_extra.numa_topology pins, sorted.
// Rows older than Victoria keep them in cpuset.
func ParseDedicatedCPUs(text []byte) ([]int, error) {
	v, err := parseStored[struct {
		Cells []stored[struct {
			CPUSet    []int   `json:"cpuset"`
			PCPUSet   []int   `json:"pcpuset"`
			CPUPolicy *string `json:"cpu_policy"`
		}] `json:"cells"`
	}](text)
	if err != nil {
		return nil, err
	}
	var cpus []int
	for _, c := range v.Cells {
		if c.Data.CPUPolicy != nil && *c.Data.CPUPolicy == "dedicated" && len(c.Data.PCPUSet) == 0 {
			c.Data.PCPUSet = c.Data.CPUSet
		}
		cpus = append(cpus, c.Data.PCPUSet...)
	}
	slices.Sort(cpus)
	return cpus, nil
}

// ParseKeypairs reads instance_extra.keypairs; no text is no key pairs.
func ParseKeypairs(text []byte) ([]Keypair, error) {
	v, err := parseStored[storedList[struct {
		ID          int64  `json:"id"`
		Name        string `json:"name"`
		UserID      string `json:"user_id"`
		Type        string `json:"type"`
		Fingerprint string `json:"fingerprint"`
		PublicKey   string `json:"public_key"`
	}]](text)
	if err != nil {
		return nil, err
	}
	var list []Keypair
	for _, o := range v.Objects {
		list = append(list, Keypair{ID: o.Data.ID, Name: o.Data.Name, UserID: o.Data.UserID, Type: o.Data.Type,
			Fingerprint: o.Data.Fingerprint, PublicKey: o.Data.PublicKey})
	}
	return list, nil
}
