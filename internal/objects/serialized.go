package objects

import (
	"encoding/json"
	"time"
)

// stored is a serialized object, of which T has the members that are looked at.
type stored[T any] struct {
	Name string `json:"nova_object.name"`
	Data T      `json:"nova_object.data"`
}

// storedList is what lists of objects have.
type storedList[T any] struct {
	Objects []stored[T] `json:"objects"`
}

// parseStored reads a column that holds a serialized object; no text has none of
// its members.
func parseStored[T any](text []byte) (T, error) {
	var v stored[T]
	if len(text) == 0 {
		return v.Data, nil
	}
	err := json.Unmarshal(text, &v)
	return v.Data, err
}

// serializedInstance is the Instance object as build requests hold it.
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

// ParseInstance reads a serialized Instance object.
func ParseInstance(text []byte) (*Instance, error) {
	var s stored[serializedInstance]
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	d := s.Data
	i := &Instance{UUID: d.UUID, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, UserID: OrZero(d.UserID), ProjectID: OrZero(d.ProjectID),
		ImageRef: OrZero(d.ImageRef), KernelID: d.KernelID, RamdiskID: d.RamdiskID, Hostname: d.Hostname, LaunchIndex: d.LaunchIndex,
		KeyName: d.KeyName, PowerState: d.PowerState, VMState: d.VMState, TaskState: d.TaskState, Host: d.Host, Node: d.Node, UserData: d.UserData,
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

// ParseTags reads a serialized TagList object; no text is no tags.
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
