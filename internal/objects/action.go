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

// ActionEvent is a step of an action.
type ActionEvent struct {
	Event                 string
	StartTime, FinishTime *time.Time
	Result, Traceback     *string
	Host, Details         *string
}

// BlockDevice is a row of block_device_mapping, as far as the API shows it.
type BlockDevice struct {
	ID                                int64 // of the row; 0 where it has none yet
	UUID                              *string
	InstanceUUID                      string  // "" until it is a server's
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

	// Legacy devices come from the first form of block device mappings: what it cannot
	// say is left unset.
	Legacy bool
}

// Root tells whether a server boots from the device.
func (d *BlockDevice) Root() bool { return d.BootIndex != nil && *d.BootIndex == 0 }

// OnVolume tells whether the device is a volume of Cinder.
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
	Hidden                               bool // not to be shown
	CrossCell                            bool // source and destination are in two cells
	CreatedAt, UpdatedAt                 *time.Time
}

// Kind is the type of the migration. Rows of old that have none are told by
// their flavors.
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

// Port is a port of Neutron, as far as the API shows it.
type Port struct {
	ID         string   `json:"id"`
	NetworkID  string   `json:"network_id"`
	MACAddress string   `json:"mac_address"`
	Status     string   `json:"status"`
	DeviceID   string   `json:"device_id"`
	FixedIPs   []PortIP `json:"fixed_ips"`
	Groups     []string `json:"security_groups"`
	VNICType   string   `json:"binding:vnic_type"`
	// Request is what only administrators see.
	Request *ResourceRequest `json:"resource_request"`
}

// AcceleratorPort tells whether a port of a kind is a device of Cyborg.
func AcceleratorPort(kind string) bool {
	return kind == "accelerator-direct" || kind == "accelerator-direct-physical"
}

// PortIP is a fixed address of a port.
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
