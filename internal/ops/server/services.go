package server

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
)

// Services are the services that operations on servers ask and change.
type Services struct {
	Images      Images
	Network     Network
	Volumes     Volumes
	Allocations Allocations
	// Accelerators is Cyborg.
	Accelerators Accelerators
}

// Accelerators is Cyborg; *cyborg.Client is one. Errors: AcceleratorRequestOpFailed.
type Accelerators interface {
	// Requests are the ids of the accelerator requests of a server.
	Requests(ctx context.Context, caller *reqctx.Caller, server string) ([]string, error)
	// DeleteRequests frees the accelerators of a server, and FreeRequests those of ports.
	DeleteRequests(ctx context.Context, caller *reqctx.Caller, server string) error
	FreeRequests(ctx context.Context, caller *reqctx.Caller, ids []string) error
}

// Images is Glance.
type Images interface {
	// Image answers an image, or ImageNotFound.
	Image(ctx context.Context, caller *reqctx.Caller, id string) (*objects.Image, error)
	// Reserve makes an image without content, which member may see besides its
	// owner; "" is nobody. It answers the image's id.
	Reserve(ctx context.Context, caller *reqctx.Caller, image map[string]any, member string) (string, error)
	// Activate is Reserve of an image whose content is in snapshots of volumes.
	Activate(ctx context.Context, caller *reqctx.Caller, image map[string]any, member string) (string, error)
	Delete(ctx context.Context, caller *reqctx.Caller, id string) error
	// URL is where an image is.
	URL(ctx context.Context, caller *reqctx.Caller, id string) (string, error)
}

// Network is Neutron.
type Network interface {
	// Deallocate deletes the ports of a server; those of keep were there before it,
	// and only lose it. It answers the ids of the accelerator requests that these held.
	Deallocate(ctx context.Context, caller *reqctx.Caller, server string, keep []string) (requests []string, err error)
	// AsksForGroups tells whether a port of a server asks Placement for groups of
	// resources.
	AsksForGroups(ctx context.Context, server string) (bool, error)
}

// Volumes is Cinder.
type Volumes interface {
	DeleteAttachment(ctx context.Context, caller *reqctx.Caller, id string) error
	DeleteVolume(ctx context.Context, caller *reqctx.Caller, id string) error
	Volume(ctx context.Context, caller *reqctx.Caller, id, version string) (*cinder.Volume, error)
	// SnapshotRoom is how many more snapshots the caller's project may have; below 0
	// is no limit.
	SnapshotRoom(ctx context.Context, caller *reqctx.Caller) (int64, error)
	CreateSnapshot(ctx context.Context, caller *reqctx.Caller, s cinder.NewSnapshot) (*cinder.Snapshot, error)
}

// Allocations is Placement.
type Allocations interface {
	// DeleteAllocations gives back what a server has allocated, whoever changed it last.
	DeleteAllocations(ctx context.Context, caller *reqctx.Caller, server string) error
	// Traits answers the traits of a resource provider, and HasTrait whether it has one.
	Traits(ctx context.Context, caller *reqctx.Caller, provider string) ([]string, error)
	HasTrait(ctx context.Context, caller *reqctx.Caller, provider, trait string) (bool, error)
}
