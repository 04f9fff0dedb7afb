// Package create makes servers: it checks what is asked for, writes the request
// spec, the build request and the mapping of each server, and hands them to the
// conductor. It knows nothing of HTTP.
package create

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/quota"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rest/placement"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// Request is what a caller wants built.
type Request struct {
	Name                  string
	Description, Hostname *string
	Image                 string // UUID; "" for a server on a volume
	Flavor                *objects.Flavor
	Devices               []*Device
	Legacy                bool // Devices are in the first form of block device mappings
	Networks              *objects.NetworkRequests
	Zone                  *string // availability zone
	ForcedHost            string  // of zone:host:node
	ForcedNode            string
	Host, Node            string // asked for by host and hypervisor_hostname
	Metadata              map[string]string
	SecurityGroups        []string // names or ids; none: "default"
	UserData, KeyName     *string
	ConfigDrive           bool
	Password              string
	Files                 []File
	Hints                 map[string][]string // for the scheduler
	Min, Max              int
	Tags                  []string
	TrustedCerts          []string
	AccessIPv4            *string
	AccessIPv6            *string
	AutoDiskConfig        *bool
	Multiattach           bool // the caller knows of multiattach volumes
	PortResources         bool // and of ports that ask for resources
	ZeroDisk              bool // servers without a local disk may be made of images
}

// File is a file that is put into a server: its content is base64.
type File struct {
	Path    string `json:"path"`
	Content string `json:"contents"`
}

// Result is what was begun.
type Result struct {
	UUIDs          []string
	ReservationID  string
	AutoDiskConfig bool // of the servers
}

// Images finds images.
type Images interface {
	Image(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Image, error)
}

// Network is what is asked of Neutron before a server is built.
type Network interface {
	// Validate checks that the caller can have the interfaces, and answers how many of
	// count servers could have them.
	Validate(ctx context.Context, caller *reqctx.Caller, n *objects.NetworkRequests, count int) (int, error)
	// Placement is what the interfaces mean for where a server can be: nil where none
	// are asked for.
	Placement(ctx context.Context, n *objects.NetworkRequests, devices objects.PortDevices) (*NetworkPlacement, error)
	// GroupID finds a security group by name or id.
	GroupID(ctx context.Context, caller *reqctx.Caller, name string) (string, error)
}

// NetworkPlacement is what a server's interfaces mean for where it can be.
type NetworkPlacement = objects.NetworkPlacement

// Volumes is what is asked of Cinder before a server is built; *cinder.Client is one.
type Volumes interface {
	Volume(ctx context.Context, caller *reqctx.Caller, id, version string) (*cinder.Volume, error)
	Snapshot(ctx context.Context, caller *reqctx.Caller, id string) (*cinder.Snapshot, error)
	Types(ctx context.Context, caller *reqctx.Caller) (map[string]string, error)
	CreateAttachment(ctx context.Context, caller *reqctx.Caller, volume, server string, connector map[string]any) (*cinder.Attachment, error)
	DeleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error
}

// Placement is Placement; *placement.Client is one.
type Placement interface {
	// ProviderNamed answers a resource provider, or ResourceProviderNotFound.
	ProviderNamed(ctx context.Context, caller *reqctx.Caller, name string) (*placement.Provider, error)
}

// Accelerators is Cyborg; *cyborg.Client is one.
type Accelerators interface {
	// Groups are the RequestGroups of a device profile, for a port or for "", or
	// DeviceProfileError.
	Groups(ctx context.Context, caller *reqctx.Caller, profile, port string) ([]*objects.RequestGroup, error)
}

// Options are what a Builder works with.
type Options struct {
	API          *db.DB
	Cells        *db.Cells
	Keypairs     *dbapi.Keypairs
	Zones        *dbapi.Zones
	Quota        *quota.Quotas
	Notify       *notify.Notifier
	Images       Images
	Network      Network
	Volumes      Volumes
	Conductor    *conductorrpc.Client
	Aliases      hardware.Aliases // [pci] alias
	Placement    Placement
	Accelerators Accelerators

	DefaultZone, InternalZone string // [DEFAULT] default_availability_zone, internal_service_availability_zone
	EphemeralFormat           string // [DEFAULT] default_ephemeral_format
	MaxLocalDevices           int    // [DEFAULT] max_local_block_devices; below 0: any number
	CrossZoneAttach           bool   // [cinder] cross_az_attach
	DefaultCerts              []string
	RecheckQuota              bool
	PCIInPlacement            bool // [filter_scheduler] pci_in_placement
}

// Builder builds servers. It is safe for concurrent use.
type Builder struct{ o Options }

// New makes a builder.
func New(o Options) *Builder { return &Builder{o} }

// everywhere asks all cells.
func (b *Builder) everywhere() cell.Everywhere { return cell.Everywhere{Cells: b.o.Cells} }
