package lifecycle

import (
	"context"
	"errors"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/reqctx"
)

// RescueOptions describes how a server is rescued.
type RescueOptions struct {
	Password string
	Image    *string // nil: the host's configured rescue image, or the server's own image
	Volume   bool    // allow servers whose root disk is a volume (since 2.87)
}

// Rescue boots a server from a rescue image, with its own disks attached. Errors: UnsupportedRescueImage,
// InstanceNotRescuable, InvalidVolume.
func (o *Ops) Rescue(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, opts RescueOptions) error {
	if err := server.WithTPM(i, "rescue"); err != nil {
		return err
	}
	if err := (server.Guard{VM: []string{"active", "stopped", "error"}}).Check(caller, i, "rescue"); err != nil {
		return err
	}
	stable, err := o.rescueImage(ctx, caller, i, opts.Image)
	if err != nil {
		return err
	}
	devices, err := o.Servers.Devices(ctx, i)
	if err != nil {
		return err
	}
	if err := o.Servers.VolumesInUse(ctx, caller, devices); err != nil {
		return err
	}
	if server.VolumeBacked(i, devices) {
		if err := o.canRescueVolume(ctx, caller, i, opts.Volume && stable); err != nil {
			return err
		}
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "rescuing", "rescue"); err != nil {
		return err
	}
	return o.Servers.Compute.Rescue(ctx, caller, i, opts.Password, opts.Image)
}

// rescueImage checks the rescue image. stable says whether it is for a stable device rescue, in which the disks keep their
// order.
func (o *Ops) rescueImage(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, image *string) (stable bool, err error) {
	if objects.OrZero(image) == "" {
		return i.SystemMetadata["image_hw_rescue_bus"] != "" && i.SystemMetadata["image_hw_rescue_device"] != "", nil
	}
	found, err := o.Servers.Services.Images.Image(ctx, caller, *image)
	unsupported := objects.ErrUnsupportedRescueImage.Errorf(objects.KindInvalid, "Requested rescue image '%s' is not supported", *image)
	switch {
	case errors.Is(err, objects.ErrImageNotFound), errors.Is(err, objects.ErrImageBadRequest):
		return false, unsupported
	case err != nil:
		return false, err
	}
	properties, _ := found.Raw["properties"].(map[string]any)
	for _, key := range []string{"img_block_device_mapping", "block_device_mapping"} { // a snapshot of volumes
		if list, ok := properties[key].([]any); ok && len(list) > 0 {
			return false, unsupported
		}
	}
	return properties["hw_rescue_bus"] != nil && properties["hw_rescue_device"] != nil, nil
}

// canRescueVolume checks that a server whose root disk is a volume can be rescued on its host.
func (o *Ops) canRescueVolume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, allowed bool) error {
	not := func(reason string) error {
		return objects.ErrInstanceNotRescuable.Errorf(objects.KindInvalid, "Instance %s cannot be rescued: %s", i.UUID, reason)
	}
	if !allowed {
		return not("Cannot rescue a volume-backed instance")
	}
	node, err := server.In(ctx, o.Servers.Reader, i, func(ctx context.Context, c *db.Cell) (string, error) {
		return cell.NodeUUID(ctx, c, objects.OrZero(i.Host), objects.OrZero(i.Node))
	})
	if err != nil {
		return err
	}
	has, err := o.Servers.Services.Allocations.HasTrait(ctx, caller, node, "COMPUTE_RESCUE_BFV")
	if err == nil && !has {
		err = not("Host unable to rescue a volume-backed instance")
	}
	return err
}

// Unrescue boots a rescued server from its own disk again.
func (o *Ops) Unrescue(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"rescued"}}).Check(caller, i, "unrescue"); err != nil {
		return err
	}
	if err := o.Servers.Begin(ctx, caller, i, []string{""}, "unrescuing", "unrescue"); err != nil {
		return err
	}
	return o.Servers.Compute.Unrescue(ctx, caller, i)
}
