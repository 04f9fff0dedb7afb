package instance

import (
	"context"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// Neighbours are the services that operations on servers ask and change.
type Neighbours struct {
	Images      Images
	Network     Network
	Volumes     Volumes
	Allocations Allocations
}

// Images is Glance.
type Images interface {
	// Image answers an image, or ImageNotFound.
	Image(ctx context.Context, caller *reqctx.Context, id string) (*objects.Image, error)
	// Reserve makes an image without content, which member may see besides its
	// owner; "" is nobody. It answers the image's id.
	Reserve(ctx context.Context, caller *reqctx.Context, image map[string]any, member string) (string, error)
	// Activate is Reserve of an image whose content is in snapshots of volumes.
	Activate(ctx context.Context, caller *reqctx.Context, image map[string]any, member string) (string, error)
	DeleteImage(ctx context.Context, caller *reqctx.Context, id string) error
}

// Network is Neutron.
type Network interface {
	// Deallocate deletes the ports of a server; those of keep were there before it,
	// and only lose it.
	Deallocate(ctx context.Context, caller *reqctx.Context, server string, keep []string) error
}

// Volumes is Cinder.
type Volumes interface {
	DeleteAttachment(ctx context.Context, caller *reqctx.Context, id string) error
	DeleteVolume(ctx context.Context, caller *reqctx.Context, id string) error
	Volume(ctx context.Context, caller *reqctx.Context, id string) (*Volume, error)
	// SnapshotRoom is how many more snapshots the caller's project may have; below 0
	// is no limit.
	SnapshotRoom(ctx context.Context, caller *reqctx.Context) (int64, error)
	// SnapshotForce makes a snapshot of a volume that is in use, and answers its id.
	SnapshotForce(ctx context.Context, caller *reqctx.Context, volume, name, description string) (string, error)
}

// Volume is a volume, as far as operations on servers look at it.
type Volume struct {
	ID, Status, Zone, Description string
	Attached                      bool // attach_status is "attached"
}

// Allocations is Placement.
type Allocations interface {
	// DeleteAllocations gives back what a server has allocated, whoever changed it last.
	DeleteAllocations(ctx context.Context, caller *reqctx.Context, server string) error
	// HasTrait tells whether a resource provider has a trait.
	HasTrait(ctx context.Context, caller *reqctx.Context, provider, trait string) (bool, error)
}

// NoVolumes stands for Cinder where there is no client for it.
type NoVolumes struct{}

func (NoVolumes) none() error {
	return objects.Errorf(objects.KindNotImplemented, "NotImplementedError", "Volumes are not supported by this server yet.")
}

// DeleteAttachment implements Volumes.
func (n NoVolumes) DeleteAttachment(context.Context, *reqctx.Context, string) error { return n.none() }

// DeleteVolume implements Volumes.
func (n NoVolumes) DeleteVolume(context.Context, *reqctx.Context, string) error { return n.none() }

// Volume implements Volumes.
func (n NoVolumes) Volume(context.Context, *reqctx.Context, string) (*Volume, error) {
	return nil, n.none()
}

// SnapshotRoom implements Volumes.
func (n NoVolumes) SnapshotRoom(context.Context, *reqctx.Context) (int64, error) { return 0, n.none() }

// SnapshotForce implements Volumes.
func (n NoVolumes) SnapshotForce(context.Context, *reqctx.Context, string, string, string) (string, error) {
	return "", n.none()
}
