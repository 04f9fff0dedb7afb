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

	// Parts are fields of the versioned object that were loaded for it: "flavor",
	// "info_cache" and the like. See [Instance.Versioned].
	Parts map[string]any

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

// RequestSpec is what the API shows of what a server was asked to be.
type RequestSpec struct {
	Zone  *string // availability zone that was asked for
	Hints map[string]any
	// Of a server whose cell is down, the rest is shown, too.
	UserID  string
	ImageID string
	Flavor  *Flavor
}

// Fault is the newest error of a server.
type Fault struct {
	CreatedAt *time.Time
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

// instanceFlavors is the column instance_extra.flavor.
type instanceFlavors struct {
	Cur *stored[storedFlavor] `json:"cur"`
	Old *stored[storedFlavor] `json:"old"`
	New *stored[storedFlavor] `json:"new"`
}

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
	ExtraSpecs  map[string]string `json:"extra_specs"`
}

func flavorOf(v *stored[storedFlavor]) *Flavor {
	if v == nil {
		return nil
	}
	d := v.Data
	f := &Flavor{ID: d.ID, Name: d.Name, MemoryMB: d.MemoryMB, VCPUs: d.VCPUs, RootGB: d.RootGB, EphemeralGB: d.EphemeralGB,
		FlavorID: d.FlavorID, Swap: d.Swap, Disabled: d.Disabled, IsPublic: d.IsPublic, ExtraSpecs: d.ExtraSpecs}
	if d.RxtxFactor != nil {
		f.RxtxFactor = *d.RxtxFactor
	}
	if d.VCPUWeight != nil {
		f.VCPUWeight = *d.VCPUWeight
	}
	if f.ExtraSpecs == nil {
		f.ExtraSpecs = map[string]string{}
	}
	return f
}

// ParseInstanceFlavor reads the current flavor out of instance_extra.flavor.
func ParseInstanceFlavor(text []byte) (*Flavor, error) {
	var v instanceFlavors
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	return flavorOf(v.Cur), nil
}

// ParseVersionedFlavor reads a serialized Flavor object, as request specs hold it.
func ParseVersionedFlavor(text []byte) (*Flavor, error) {
	var v *stored[storedFlavor]
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	return flavorOf(v), nil
}

// storedIDs is the TrustedCerts object.
type storedIDs struct {
	IDs []string `json:"ids"`
}

// ParseTrustedCerts reads instance_extra.trusted_certs.
func ParseTrustedCerts(text []byte) ([]string, error) {
	v, err := parseStored[storedIDs](text)
	return v.IDs, err
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

// ParseInstanceFlavors reads instance_extra.flavor: the flavor an instance has,
// and during a resize the one it had and the one it is to have.
func ParseInstanceFlavors(text []byte) (cur, old, next *Versioned, err error) {
	var v struct{ Cur, Old, New json.RawMessage }
	if err = json.Unmarshal(text, &v); err != nil {
		return nil, nil, nil, err
	}
	for _, f := range []struct {
		to   **Versioned
		text json.RawMessage
	}{{&cur, v.Cur}, {&old, v.Old}, {&next, v.New}} {
		if *f.to, err = ParseVersioned(f.text); err != nil {
			return nil, nil, nil, err
		}
		(*f.to).Clean()
	}
	return cur, old, next, nil
}
