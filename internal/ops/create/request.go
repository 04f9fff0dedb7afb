// Package create creates servers: it checks a request, writes the request spec, the build request and the instance mapping
// of each server, and casts the build to the conductor. It does not depend on HTTP.
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
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rest/placement"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// Request describes the servers that a client creates.
type Request struct {
	Name                  string
	Description, Hostname *string
	Image                 string // UUID; "" for a server on a volume
	Flavor                *objects.Flavor
	Devices               []*Device
	Legacy                bool // Devices have the form of block_device_mapping
	Networks              *objects.NetworkRequests
	Zone                  *string // availability zone
	ForcedHost            string  // of zone:host:node
	ForcedNode            string
	Host, Node            string // the members host and hypervisor_hostname
	Metadata              map[string]string
	SecurityGroups        []string // names or ids; none: "default"
	UserData, KeyName     *string
	ConfigDrive           bool
	Password              string
	Files                 []File
	Hints                 map[string][]string // scheduler hints
	GroupHint             string              // the hint "group" as messages show it; a list as Python formats it
	Min, Max              int
	Tags                  []string
	TrustedCerts          []string
	AccessIPv4            *string
	AccessIPv6            *string
	AutoDiskConfig        *bool
	Multiattach           bool // the microversion supports multiattach volumes
	PortResources         bool // the microversion supports ports with resource requests
	ZeroDisk              bool // allow building servers from images if the flavor has no local disk
}

// File is a file that is injected into a server. Content is base64.
type File struct {
	Path    string `json:"path"`
	Content string `json:"contents"`
}

// Result describes the servers whose build has started.
type Result struct {
	UUIDs          []string
	ReservationID  string
	AutoDiskConfig bool // of the servers
}

// Images reads images from Glance.
type Images interface {
	Image(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Image, error)
}

// Network is the client of Neutron.
type Network interface {
	// Validate checks that the caller can use the interfaces. It returns how many of count servers the quota of ports allows.
	Validate(ctx context.Context, caller *reqctx.Caller, n *objects.NetworkRequests, count int) (int, error)
	// Placement returns the resources that the interfaces need from Placement; nil if there are no interfaces.
	Placement(ctx context.Context, n *objects.NetworkRequests, devices objects.PortDevices) (*NetworkPlacement, error)
	// GroupID returns the id of the security group with a name or id.
	GroupID(ctx context.Context, caller *reqctx.Caller, name string) (string, error)
}

// NetworkPlacement describes what the interfaces of a server require of its host.
type NetworkPlacement = objects.NetworkPlacement

// Volumes is the client of Cinder; *cinder.Client implements it.
type Volumes interface {
	Volume(ctx context.Context, caller *reqctx.Caller, id, version string) (*cinder.Volume, error)
	Snapshot(ctx context.Context, caller *reqctx.Caller, id string) (*cinder.Snapshot, error)
	Types(ctx context.Context, caller *reqctx.Caller) (map[string]string, error)
	CreateAttachment(ctx context.Context, caller *reqctx.Caller, volume, server string, connector map[string]any) (*cinder.Attachment, error)
	DeleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error
}

// Placement is the client of Placement; *placement.Client implements it.
type Placement interface {
	// ProviderNamed returns a resource provider. Errors: ResourceProviderNotFound.
	ProviderNamed(ctx context.Context, caller *reqctx.Caller, name string) (*placement.Provider, error)
}

// Accelerators is the client of Cyborg; *cyborg.Client implements it.
type Accelerators interface {
	// Groups returns the request groups of a device profile, for a port or, if port is "", for the flavor. Errors:
	// DeviceProfileError.
	Groups(ctx context.Context, caller *reqctx.Caller, profile, port string) ([]*objects.RequestGroup, error)
}

// Keys is the client of Barbican; *barbican.Client implements it.
type Keys interface {
	// CreateKey creates a symmetric key of a number of bits and returns its UUID. Errors: KeyManagerError.
	CreateKey(ctx context.Context, caller *reqctx.Caller, algorithm string, bits int) (string, error)
}

// Options contains the databases, clients and configuration that a Builder uses.
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
	Keys         Keys            // creates the keys of encrypted local disks; nil: they are not encrypted
	Cipher       string          // [ephemeral_storage_encryption] cipher, such as aes-xts-plain64
	KeySize      int             // [ephemeral_storage_encryption] key_size in bits
	Release      release.Release // of the services of the deployment

	DefaultZone, InternalZone string // [DEFAULT] default_availability_zone, internal_service_availability_zone
	EphemeralFormat           string // [DEFAULT] default_ephemeral_format
	MaxLocalDevices           int    // [DEFAULT] max_local_block_devices; below 0: any number
	CrossZoneAttach           bool   // [cinder] cross_az_attach
	DefaultCerts              []string
	RecheckQuota              bool
	PCIInPlacement            bool // [filter_scheduler] pci_in_placement
}

// Builder creates servers. It is safe for concurrent use.
type Builder struct{ o Options }

// New returns a Builder.
func New(o Options) *Builder { return &Builder{o} }

// everywhere returns queries of all cells.
func (b *Builder) everywhere() cell.Everywhere { return cell.Everywhere{Cells: b.o.Cells} }
