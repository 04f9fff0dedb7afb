package objects

import (
	"encoding/json"
	"strings"
	"time"
)

// Instance is a server. Pointers are columns whose NULL is visible in the API or in RPC messages. The fields after the
// first blank line are loaded only on request.
type Instance struct {
	ID                       int64
	UUID                     string
	CreatedAt, UpdatedAt     *time.Time
	DeletedAt                *time.Time
	Deleted                  bool
	UserID, ProjectID        string
	ImageRef                 string
	KernelID, RamdiskID      *string
	LaunchIndex              *int64
	KeyName                  *string
	KeyData                  *string
	PowerState               *int64
	VMState, TaskState       *string
	Hostname, Host, Node     *string
	UserData                 *string // base64, as given
	ReservationID            *string
	LaunchedAt, TerminatedAt *time.Time
	DisplayName              *string
	DisplayDescription       *string
	AvailabilityZone         *string
	RootDeviceName           *string
	AccessIPv4, AccessIPv6   *string
	ConfigDrive              *string
	DefaultEphemeralDevice   *string
	DefaultSwapDevice        *string
	Progress                 *int64
	AutoDiskConfig           bool
	Locked                   bool
	LockedBy                 *string
	OSType                   *string
	InstanceTypeID           *int64
	Hidden                   bool
	LaunchedOn               *string
	Architecture             *string
	MemoryMB, VCPUs, RootGB  *int64
	// Columns that only records load, because no view shows them.
	EphemeralGB, ComputeID             *int64
	EphemeralKeyUUID, VMMode, CellName *string
	ShutdownTerminate                  bool
	DisableTerminate, Cleaned          bool

	Flavor         *Flavor
	Network        []VIF
	Metadata       map[string]string
	SystemMetadata map[string]string
	Tags           []string
	TrustedCerts   []string // nil: none
	Fault          *Fault
	Volumes        []Volume
	Service        *Service // the nova-compute of its host
	Keypairs       []Keypair
	Cell           string // UUID of its cell
	Spec           *RequestSpec
	Group          string // UUID of its server group, or ""

	// Fields of a record, which RPC messages to Nova's services contain. Loaded says which parts of the server have been read.
	Loaded               Parts
	OldFlavor, NewFlavor *Flavor // during a resize
	InfoCache            *InfoCache
	PCIRequests          *PCIRequests
	NUMATopology         *NUMATopology // requested by a new server
	PCIDevices           []*PCIDevice
	MigrationID          int64 // of migration_context; 0: no migration in progress
	// Stored contains the columns of instance_extra that only hosts interpret, as serialized objects: "numa_topology",
	// "device_metadata", "migration_context", "resources", "vcpu_model".
	Stored map[string]json.RawMessage

	// Down is true for a server whose cell does not respond. It has only the UUID, project and time of its instance mapping, and for
	// a single server also the data of its request spec.
	Down bool
}

// Name returns the name of the server on its hypervisor: [DEFAULT] instance_name_template, with %d or %x for the row id,
// or with named fields such as %(uuid)s.
func (i *Instance) Name(template string) string {
	return instanceName(template, i)
}

// Status returns the status of the server in the API.
func (i *Instance) Status() string {
	if i.Deleted {
		return "DELETED"
	}
	return Status(OrZero(i.VMState), OrZero(i.TaskState))
}

// InfoCache is a server's row of instance_info_caches.
type InfoCache struct {
	NetworkInfo                     string // JSON, see [ParseNetworkInfo]
	CreatedAt, UpdatedAt, DeletedAt *time.Time
}

// NetworkInfo returns the JSON of the server's interfaces from its info cache, or "".
func (i *Instance) NetworkInfo() string {
	if i.InfoCache == nil {
		return ""
	}
	return i.InfoCache.NetworkInfo
}

// Fault is the latest fault of a server: a row of instance_faults.
type Fault struct {
	ID        int64
	CreatedAt *time.Time
	UpdatedAt *time.Time
	Code      int64
	Message   string
	Details   *string
	Host      *string
}

// Volume is an attached volume, with the columns that the API shows in servers.
type Volume struct {
	ID                  string
	DeleteOnTermination bool
}

// InstanceNotFound returns the error for a server that does not exist.
func InstanceNotFound(id string) error {
	return ErrInstanceNotFound.Errorf(KindNotFound, "Instance %s could not be found.", id)
}

// Hostid returns the hash of the server's project and host that the API shows to users instead of the host's name. It is
// "" for a server without a host.
func (i *Instance) Hostid() string {
	if i.Host == nil || *i.Host == "" {
		return ""
	}
	return hostID(i.ProjectID, *i.Host)
}

// ImageID returns the UUID of the server's image. Old rows contain a URL that ends with it.
func (i *Instance) ImageID() string {
	return i.ImageRef[strings.LastIndexByte(i.ImageRef, '/')+1:]
}
