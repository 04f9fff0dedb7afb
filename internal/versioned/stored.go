package versioned

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/nova-go/nova/internal/objects"
)

// stored is a serialized object. T has those of its fields that are decoded.
type stored[T any] struct {
	Name string `json:"nova_object.name"`
	Data T      `json:"nova_object.data"`
}

// storedList contains the fields of serialized list objects.
type storedList[T any] struct {
	Objects []stored[T] `json:"objects"`
}

// parseStored parses a column that contains a serialized object; it returns the zero value for an empty text.
func parseStored[T any](text []byte) (T, error) {
	var v stored[T]
	if len(text) == 0 {
		return v.Data, nil
	}
	err := json.Unmarshal(text, &v)
	return v.Data, err
}

// serializedInstance contains the fields of the Instance object in build requests.
type serializedInstance struct {
	ID                 *int64                `json:"id"`
	UUID               string                `json:"uuid"`
	CreatedAt          *time.Time            `json:"created_at"`
	UpdatedAt          *time.Time            `json:"updated_at"`
	UserID             *string               `json:"user_id"`
	ProjectID          *string               `json:"project_id"`
	ImageRef           *string               `json:"image_ref"`
	KernelID           *string               `json:"kernel_id"`
	RamdiskID          *string               `json:"ramdisk_id"`
	Hostname           *string               `json:"hostname"`
	LaunchIndex        *int64                `json:"launch_index"`
	KeyName            *string               `json:"key_name"`
	PowerState         *int64                `json:"power_state"`
	VMState            *string               `json:"vm_state"`
	TaskState          *string               `json:"task_state"`
	Host               *string               `json:"host"`
	Node               *string               `json:"node"`
	UserData           *string               `json:"user_data"`
	ReservationID      *string               `json:"reservation_id"`
	LaunchedAt         *time.Time            `json:"launched_at"`
	TerminatedAt       *time.Time            `json:"terminated_at"`
	DisplayName        *string               `json:"display_name"`
	DisplayDescription *string               `json:"display_description"`
	AvailabilityZone   *string               `json:"availability_zone"`
	RootDeviceName     *string               `json:"root_device_name"`
	AccessIPv4         *string               `json:"access_ip_v4"`
	AccessIPv6         *string               `json:"access_ip_v6"`
	ConfigDrive        *string               `json:"config_drive"`
	Progress           *int64                `json:"progress"`
	AutoDiskConfig     *bool                 `json:"auto_disk_config"`
	Locked             *bool                 `json:"locked"`
	LockedBy           *string               `json:"locked_by"`
	InstanceTypeID     *int64                `json:"instance_type_id"`
	Metadata           map[string]string     `json:"metadata"`
	SystemMetadata     map[string]any        `json:"system_metadata"`
	Flavor             *stored[storedFlavor] `json:"flavor"`
	TrustedCerts       *stored[storedIDs]    `json:"trusted_certs"`
}

// ParseInstance parses a serialized Instance object.
func ParseInstance(text []byte) (*objects.Instance, error) {
	var s stored[serializedInstance]
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	d := s.Data
	i := &objects.Instance{UUID: d.UUID, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, UserID: objects.OrZero(d.UserID),
		ProjectID: objects.OrZero(d.ProjectID),
		ImageRef:  objects.OrZero(d.ImageRef), KernelID: d.KernelID, RamdiskID: d.RamdiskID, Hostname: d.Hostname, LaunchIndex: d.LaunchIndex,
		KeyName: d.KeyName, PowerState: d.PowerState, VMState: d.VMState, TaskState: d.TaskState, Host: d.Host, Node: d.Node,
		UserData:      d.UserData,
		ReservationID: d.ReservationID, LaunchedAt: d.LaunchedAt, TerminatedAt: d.TerminatedAt, DisplayName: d.DisplayName,
		DisplayDescription: d.DisplayDescription, AvailabilityZone: d.AvailabilityZone, RootDeviceName: d.RootDeviceName,
		AccessIPv4: d.AccessIPv4, AccessIPv6: d.AccessIPv6, ConfigDrive: d.ConfigDrive, Progress: d.Progress, LockedBy: d.LockedBy,
		InstanceTypeID: d.InstanceTypeID, Metadata: d.Metadata, SystemMetadata: map[string]string{}, Flavor: flavorOf(d.Flavor)}
	if d.ID != nil {
		i.ID = *d.ID
	}
	i.AutoDiskConfig = d.AutoDiskConfig != nil && *d.AutoDiskConfig
	i.Locked = d.Locked != nil && *d.Locked
	if i.Metadata == nil {
		i.Metadata = map[string]string{}
	}
	for k, v := range d.SystemMetadata {
		if s, ok := v.(string); ok {
			i.SystemMetadata[k] = s
		}
	}
	if d.TrustedCerts != nil {
		i.TrustedCerts = d.TrustedCerts.Data.IDs
	}
	return i, nil
}

// ParseTags parses a serialized TagList object; it returns nil for an empty text.
func ParseTags(text []byte) ([]string, error) {
	v, err := parseStored[storedList[struct {
		Tag string `json:"tag"`
	}]](text)
	if err != nil {
		return nil, err
	}
	var tags []string
	for _, o := range v.Objects {
		tags = append(tags, o.Data.Tag)
	}
	return tags, nil
}

// instanceFlavors is the JSON of the column instance_extra.flavor.
type instanceFlavors struct {
	Cur *stored[storedFlavor] `json:"cur"`
	Old *stored[storedFlavor] `json:"old"`
	New *stored[storedFlavor] `json:"new"`
}

// storedFlavor contains the fields of a serialized Flavor object.
type storedFlavor struct {
	ID          int64             `json:"id"`
	Name        string            `json:"name"`
	MemoryMB    int64             `json:"memory_mb"`
	VCPUs       int64             `json:"vcpus"`
	RootGB      int64             `json:"root_gb"`
	EphemeralGB int64             `json:"ephemeral_gb"`
	FlavorID    string            `json:"flavorid"`
	Swap        int64             `json:"swap"`
	RxtxFactor  *float64          `json:"rxtx_factor"`
	VCPUWeight  *int64            `json:"vcpu_weight"`
	Disabled    bool              `json:"disabled"`
	IsPublic    bool              `json:"is_public"`
	Description *string           `json:"description"`
	CreatedAt   *time.Time        `json:"created_at"`
	UpdatedAt   *time.Time        `json:"updated_at"`
	ExtraSpecs  map[string]string `json:"extra_specs"`
}

func flavorOf(v *stored[storedFlavor]) *objects.Flavor {
	if v == nil {
		return nil
	}
	return v.Data.flavor()
}

func (d storedFlavor) flavor() *objects.Flavor {
	f := &objects.Flavor{ID: d.ID, Name: d.Name, MemoryMB: d.MemoryMB, VCPUs: d.VCPUs, RootGB: d.RootGB, EphemeralGB: d.EphemeralGB,
		FlavorID: d.FlavorID, Swap: d.Swap, Disabled: d.Disabled, IsPublic: d.IsPublic, VCPUWeight: d.VCPUWeight,
		Description: d.Description, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, ExtraSpecs: d.ExtraSpecs}
	if d.RxtxFactor != nil {
		f.RxtxFactor = *d.RxtxFactor
	}
	if f.ExtraSpecs == nil {
		f.ExtraSpecs = map[string]string{}
	}
	return f
}

// ParseInstanceFlavors parses instance_extra.flavor: the current flavor, and during a resize the old and the new one.
func ParseInstanceFlavors(text []byte) (cur, old, next *objects.Flavor, err error) {
	var v instanceFlavors
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, nil, nil, err
	}
	return flavorOf(v.Cur), flavorOf(v.Old), flavorOf(v.New), nil
}

// ParseInstanceFlavor parses only the current flavor of instance_extra.flavor.
func ParseInstanceFlavor(text []byte) (*objects.Flavor, error) {
	var v instanceFlavors
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	return flavorOf(v.Cur), nil
}

// Flavor converts an object named Flavor into a struct; it returns nil for nil.
func (v *Object) Flavor() (*objects.Flavor, error) {
	if v == nil {
		return nil, nil
	}
	var d storedFlavor
	if err := v.Decode(&d); err != nil {
		return nil, err
	}
	return d.flavor(), nil
}

// storedIDs contains the fields of a TrustedCerts object.
type storedIDs struct {
	IDs []string `json:"ids"`
}

// ParseTrustedCerts parses instance_extra.trusted_certs.
func ParseTrustedCerts(text []byte) ([]string, error) {
	v, err := parseStored[storedIDs](text)
	return v.IDs, err
}

// storedDevice contains the fields of the objects in device metadata.
type storedDevice struct {
	Bus *stored[struct {
		Address *string `json:"address"`
	}] `json:"bus"`
	Tags      *[]string    `json:"tags"`
	MAC       string       `json:"mac"`
	VLAN      *int64       `json:"vlan"`
	VFTrusted *bool        `json:"vf_trusted"`
	Serial    objects.Text `json:"serial"`
	Path      objects.Text `json:"path"`
	ShareID   *string      `json:"share_id"`
	Tag       *string      `json:"tag"`
}

// ParseDeviceMetadata parses instance_extra.device_metadata; it returns no devices for an empty text.
func ParseDeviceMetadata(text []byte) ([]objects.Device, error) {
	v, err := parseStored[struct {
		Devices []stored[storedDevice] `json:"devices"`
	}](text)
	if err != nil {
		return nil, err
	}
	devices := make([]objects.Device, 0, len(v.Devices))
	for _, s := range v.Devices {
		d := objects.Device{Kind: s.Name, MAC: s.Data.MAC, VLAN: s.Data.VLAN, VFTrusted: s.Data.VFTrusted,
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

// ParseDedicatedCPUs returns the pinned guest CPUs of instance_extra.numa_topology, sorted. In rows from before Victoria
// they are in cpuset.
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

// ParseKeypairs parses instance_extra.keypairs; it returns nil for an empty text.
func ParseKeypairs(text []byte) ([]objects.Keypair, error) {
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
	var list []objects.Keypair
	for _, o := range v.Objects {
		list = append(list, objects.Keypair{ID: o.Data.ID, Name: o.Data.Name, UserID: o.Data.UserID, Type: o.Data.Type,
			Fingerprint: o.Data.Fingerprint, PublicKey: o.Data.PublicKey})
	}
	return list, nil
}

// ParseDiagnostics parses the Diagnostics object that a host returns.
func ParseDiagnostics(text []byte) (*objects.Diagnostics, error) {
	v, err := Parse(text)
	if err != nil || v == nil {
		return nil, err
	}
	d := &objects.Diagnostics{CPUs: []objects.CPUDiagnostics{}, Disks: []objects.DiskDiagnostics{}, NICs: []objects.NICDiagnostics{}}
	return d, (&Object{Data: plainData(v)}).Decode(d)
}

// plainData returns the fields of an object, with nested objects replaced by their fields.
func plainData(v *Object) map[string]any {
	data := make(map[string]any, len(v.Data))
	for field, value := range v.Data {
		switch o := value.(type) {
		case *Object:
			value = plainData(o)
		case []any:
			list := make([]any, 0, len(o))
			for _, one := range o {
				if below, ok := one.(*Object); ok {
					one = plainData(below)
				}
				list = append(list, one)
			}
			value = list
		}
		data[field] = value
	}
	return data
}

// ParseMigrationID returns the migration id of instance_extra.migration_context; 0 for an empty text.
func ParseMigrationID(text []byte) (int64, error) {
	v, err := parseStored[struct {
		ID int64 `json:"migration_id"`
	}](text)
	return v.ID, err
}
