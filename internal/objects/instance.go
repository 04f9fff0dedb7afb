package objects

import (
	"encoding/json"
	"strings"
	"time"
)

// Instance is a server. Pointers are columns that may be NULL where that shows.
// What stands below the blank line is loaded only where it is asked for.
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
	// Record's alone: what no view shows.
	EphemeralGB, ComputeID             *int64
	EphemeralKeyUUID, VMMode, CellName *string
	ShutdownTerminate                  bool
	DisableTerminate, Cleaned          bool

	Flavor         *Flavor
	Network        []VIF
	Metadata       map[string]string
	SystemMetadata map[string]string
	Tags           []string
	TrustedCerts   []string // nil: none were asked for
	Fault          *Fault
	Volumes        []Volume
	Service        *Service // of the host it runs on
	Keypairs       []Keypair
	Cell           string // UUID of its cell
	Spec           *RequestSpec
	Group          string // UUID of its server group, or ""

	// Of a record, which is sent to Nova's services: Loaded says which parts of the
	// server were read for that.
	Loaded               Parts
	OldFlavor, NewFlavor *Flavor // during a resize
	InfoCache            *InfoCache
	PCIRequests          *PCIRequests
	NUMATopology         *NUMATopology // that a new server asks for
	PCIDevices           []*PCIDevice
	MigrationID          int64 // of migration_context; 0: none is under way
	// Stored are the columns of instance_extra that only hosts read, as they are
	// stored: "numa_topology", "device_metadata", "migration_context", "resources",
	// "vcpu_model".
	Stored map[string]json.RawMessage

	// Down is set on what is known of a server whose cell does not answer: its
	// UUID, project, time, and for a single server what its request spec says.
	Down bool
}

// Name is the server's name on its hypervisor: [DEFAULT] instance_name_template
// with %d or %x verbs for the row id, or %(uuid)s and its kin.
func (i *Instance) Name(template string) string {
	return instanceName(template, i)
}

// Status is the state that clients see.
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

// NetworkInfo is what the info cache says of the server's interfaces, as JSON; ""
// where there is none.
func (i *Instance) NetworkInfo() string {
	if i.InfoCache == nil {
		return ""
	}
	return i.InfoCache.NetworkInfo
}

// Fault is the newest error of a server.
type Fault struct {
	ID        int64
	CreatedAt *time.Time
	UpdatedAt *time.Time
	Code      int64
	Message   string
	Details   *string
	Host      *string
}

// Volume is a block device that is a volume: what the API shows of it.
type Volume struct {
	ID                  string
	DeleteOnTermination bool
}

// InstanceNotFound is the error for a server that is not there.
func InstanceNotFound(id string) error {
	return ErrInstanceNotFound.Errorf(KindNotFound, "Instance %s could not be found.", id)
}

// Hostid is what tenants see instead of a host's name: the same host has
// another one for each project. It is "" for a server without a host.
func (i *Instance) Hostid() string {
	if i.Host == nil || *i.Host == "" {
		return ""
	}
	return hostID(i.ProjectID, *i.Host)
}

// ImageID is the image's UUID: old rows hold a URL.
func (i *Instance) ImageID() string {
	return i.ImageRef[strings.LastIndexByte(i.ImageRef, '/')+1:]
}
