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
	UUID                *string
	InstanceUUID        string
	VolumeID            *string
	DeviceName          *string
	Tag                 *string
	AttachmentID        *string
	DeleteOnTermination bool
	BootIndex           *int64
	SourceType          *string
	DestinationType     *string
}

// Migration is a row of migrations.
type Migration struct {
	ID                                   int64
	UUID                                 *string
	InstanceUUID                         string
	SourceCompute, DestCompute           *string
	SourceNode, DestNode, DestHost       *string
	Status, Type                         *string
	UserID, ProjectID                    *string
	MemoryTotal, MemoryDone, MemoryLeft  *int64
	DiskTotal, DiskDone, DiskLeft        *int64
	OldInstanceTypeID, NewInstanceTypeID *int64
	Hidden                               bool // not to be shown
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

// NUMATopology is what the API shows of instance_extra.numa_topology.
type NUMATopology struct{ Cells []NUMACell }

// NUMACell is one node of the guest.
type NUMACell struct {
	ID         int64
	MemoryMB   int64
	CPUs       []int64
	Siblings   [][]int64
	Pinning    map[string]int64
	PageSizeKB *int64
}
