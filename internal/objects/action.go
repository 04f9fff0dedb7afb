package objects

import "time"

// Action is a row of instance_actions: an operation on a server.
type Action struct {
	ID                   int64
	Action, InstanceUUID string
	RequestID            *string
	UserID, ProjectID    *string
	StartTime            *time.Time
	Message              *string
	CreatedAt, UpdatedAt *time.Time
}

// ActionEvent is a step of an action: a row of instance_actions_events.
type ActionEvent struct {
	Event                 string
	StartTime, FinishTime *time.Time
	Result, Traceback     *string
	Host, Details         *string
}

// BlockDevice is a row of block_device_mapping, with the columns that the API uses.
type BlockDevice struct {
	ID                                int64 // of the row; 0 before it is written
	UUID                              *string
	InstanceUUID                      string  // "" before the server's UUID is known
	SourceType, DestinationType       *string // image, volume, snapshot, blank; local, volume
	GuestFormat, DeviceType, DiskBus  *string
	BootIndex                         *int64
	DeviceName                        *string // "/dev/vda"
	DeleteOnTermination, NoDevice     bool
	SnapshotID, VolumeID, ImageID     *string
	VolumeSize                        *int64 // GiB
	ConnectionInfo, Tag, AttachmentID *string
	VolumeType                        *string
	Encrypted                         bool
	EncryptionSecretUUID              *string
	EncryptionFormat                  *string
	EncryptionOptions                 *string
	CreatedAt, UpdatedAt              *time.Time

	// Legacy devices come from block_device_mapping of API 2.0; fields that only block_device_mapping_v2 has are unset.
	Legacy bool
}

// Root reports whether a server boots from the device.
func (d *BlockDevice) Root() bool { return d.BootIndex != nil && *d.BootIndex == 0 }

// OnVolume reports whether the device is a volume of Cinder.
func (d *BlockDevice) OnVolume() bool { return OrZero(d.DestinationType) == "volume" }

// Migration is a row of migrations.
type Migration struct {
	ID                                   int64
	UUID                                 *string
	InstanceUUID                         string
	SourceCompute, DestCompute           *string
	DestComputeID                        *int64
	SourceNode, DestNode, DestHost       *string
	Status, Type                         *string
	UserID, ProjectID                    *string
	MemoryTotal, MemoryDone, MemoryLeft  *int64
	DiskTotal, DiskDone, DiskLeft        *int64
	OldInstanceTypeID, NewInstanceTypeID *int64
	Hidden                               bool // of a copy that is not shown to users
	CrossCell                            bool // source and destination are in different cells
	CreatedAt, UpdatedAt                 *time.Time
}

// Kind returns the type of the migration. For old rows without a type, it derives the type from the flavors.
func (m *Migration) Kind() string {
	switch {
	case m.Type != nil:
		return *m.Type
	case (m.OldInstanceTypeID == nil) != (m.NewInstanceTypeID == nil),
		m.OldInstanceTypeID != nil && *m.OldInstanceTypeID != *m.NewInstanceTypeID:
		return "resize"
	}
	return "migration"
}

// Port is a port of Neutron, with the attributes that the API uses.
type Port struct {
	ID         string   `json:"id"`
	NetworkID  string   `json:"network_id"`
	MACAddress string   `json:"mac_address"`
	Status     string   `json:"status"`
	DeviceID   string   `json:"device_id"`
	FixedIPs   []PortIP `json:"fixed_ips"`
	Groups     []string `json:"security_groups"`
	VNICType   string   `json:"binding:vnic_type"`
	// Request is the port's resource request, which only administrators see.
	Request *ResourceRequest `json:"resource_request"`
}

// AcceleratorPort reports whether kind is a VNIC type of a port with an accelerator of Cyborg.
func AcceleratorPort(kind string) bool {
	return kind == "accelerator-direct" || kind == "accelerator-direct-physical"
}

// PortIP is a fixed IP of a port.
type PortIP struct {
	SubnetID  string `json:"subnet_id"`
	IPAddress string `json:"ip_address"`
}

// SecurityGroup is a security group of Neutron.
type SecurityGroup struct {
	ID          string              `json:"id"`
	Name        string              `json:"name"`
	Description string              `json:"description"`
	TenantID    string              `json:"tenant_id"`
	Rules       []SecurityGroupRule `json:"security_group_rules"`
}

// SecurityGroupRule is a rule of a security group.
type SecurityGroupRule struct {
	ID             string  `json:"id"`
	GroupID        string  `json:"security_group_id"`
	Direction      string  `json:"direction"`
	EtherType      string  `json:"ethertype"`
	Protocol       *string `json:"protocol"`
	PortRangeMin   *int64  `json:"port_range_min"`
	PortRangeMax   *int64  `json:"port_range_max"`
	RemoteIPPrefix *string `json:"remote_ip_prefix"`
	RemoteGroupID  *string `json:"remote_group_id"`
}
