package server

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
)

// Services contains the clients of other OpenStack services that operations on servers use.
type Services struct {
	Images      Images
	Network     Network
	Volumes     Volumes
	Allocations Allocations
	// Accelerators is Cyborg.
	Accelerators Accelerators
}

// Accelerators is the client of Cyborg; *cyborg.Client implements it. Errors: AcceleratorRequestOpFailed.
type Accelerators interface {
	// Requests returns the ids of the accelerator requests of a server.
	Requests(ctx context.Context, caller *reqctx.Caller, server string) ([]string, error)
	// DeleteRequests deletes the accelerator requests of a server, FreeRequests those with the given ids.
	DeleteRequests(ctx context.Context, caller *reqctx.Caller, server string) error
	FreeRequests(ctx context.Context, caller *reqctx.Caller, ids []string) error
}

// Images is the client of Glance.
type Images interface {
	// Image returns an image. Errors: ImageNotFound.
	Image(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Image, error)
	// Reserve creates an image without content and returns its id. The project member may see it besides the owner; "" is none.
	Reserve(ctx context.Context, caller *reqctx.Caller, image map[string]any, member string) (string, error)
	// Activate creates an image whose content is in volume snapshots, and returns its id. member is as in Reserve.
	Activate(ctx context.Context, caller *reqctx.Caller, image map[string]any, member string) (string, error)
	Delete(ctx context.Context, caller *reqctx.Caller, id string) error
	// URL returns the URL of an image.
	URL(ctx context.Context, caller *reqctx.Caller, id string) (string, error)
}

// Network is the client of Neutron.
type Network interface {
	// Deallocate deletes the ports of a server, except those of keep, which existed before the server: these are only unbound. It
	// returns the ids of the accelerator requests of the unbound ports.
	Deallocate(ctx context.Context, caller *reqctx.Caller, server string, keep []string) (requests []string, err error)
	// AsksForGroups reports whether a port of a server requests resource groups of Placement.
	AsksForGroups(ctx context.Context, server string) (bool, error)
}

// Volumes is the client of Cinder.
type Volumes interface {
	DeleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error
	DeleteVolume(ctx context.Context, caller *reqctx.Caller, id string) error
	Volume(ctx context.Context, caller *reqctx.Caller, id, version string) (*cinder.Volume, error)
	// SnapshotRoom returns how many more snapshots the quota of the caller's project allows; a value below 0 means no limit.
	SnapshotRoom(ctx context.Context, caller *reqctx.Caller) (int64, error)
	CreateSnapshot(ctx context.Context, caller *reqctx.Caller, s cinder.NewSnapshot) (*cinder.Snapshot, error)
}

// Allocations is the client of Placement.
type Allocations interface {
	// DeleteAllocations deletes the allocations of a server, whatever their generation is.
	DeleteAllocations(ctx context.Context, caller *reqctx.Caller, server string) error
	// Traits returns the traits of a resource provider; HasTrait reports whether it has a trait.
	Traits(ctx context.Context, caller *reqctx.Caller, provider string) ([]string, error)
	HasTrait(ctx context.Context, caller *reqctx.Caller, provider, trait string) (bool, error)
}
