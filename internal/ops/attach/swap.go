package attach

import (
	"context"
	"errors"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
)

// SwapVolume replaces an attached volume by another one. Only Cinder may call it, while it migrates the old volume.
func (o *Ops) SwapVolume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, old, next string) error {
	from, err := o.Volumes.Volume(ctx, caller, old, "")
	if err != nil {
		return err
	}
	if from.MigrationStatus.Value == nil || *from.MigrationStatus.Value == "" {
		text := "volume %s is not migrating; this API should only be called by Cinder"
		if !o.Servers.Release.Has(release.SwapVolumeText) {
			text = "volume %s is not migrating this api should only be called by Cinder"
		}
		return objects.ErrConflict.Errorf(objects.KindConflict, text, old)
	}
	to, err := o.Volumes.Volume(ctx, caller, next, "")
	if errors.Is(err, objects.ErrVolumeNotFound) {
		return objects.ErrVolumeNotFound.Errorf(objects.KindInvalid, "%s", err)
	}
	if err != nil {
		return err
	}
	if err := (server.Guard{VM: []string{"active", "paused", "resized"}}).Check(caller, i, "swap_volume"); err != nil {
		return err
	}
	if err := checkSwap(i, from, to); err != nil {
		return err
	}
	if err := o.beginDetaching(ctx, caller, old); err != nil {
		return err
	}
	if err := o.swap(ctx, caller, i, from, to); err != nil {
		return errors.Join(err, o.Volumes.RollDetaching(context.WithoutCancel(ctx), caller, old))
	}
	return nil
}

// checkSwap checks that the old volume is attached to the server, and that the new one is detached and large enough.
func checkSwap(i *objects.Instance, from, to *cinder.Volume) error {
	mine := false
	for _, a := range from.Attachments {
		mine = mine || a.ServerID == i.UUID
	}
	switch {
	case !mine:
		return errInvalidVolume("Old volume is attached to a different instance.")
	case len(to.Attachments) > 0:
		return errInvalidVolume("New volume must be detached in order to swap.")
	case to.Size < from.Size:
		return errInvalidVolume("New volume must be the same size or larger.")
	}
	return nil
}

func (o *Ops) swap(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, from, to *cinder.Volume) error {
	writers, err := o.writers(ctx, caller, from)
	if err != nil {
		return err
	}
	if writers > 1 {
		return objects.ErrMultiattachSwapVolumeNotSupported.Errorf(objects.KindInvalid,
			"Swapping multi-attach volumes with more than one read/write attachment is not supported.")
	}
	if _, err := o.device(ctx, i, from.ID); err != nil {
		return err
	}
	if err := o.alone(ctx, i, to); err != nil {
		return err
	}
	a, err := o.Volumes.CreateAttachment(ctx, caller, to.ID, i.UUID, nil)
	if err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "swap_volume"); err != nil {
		return err
	}
	if err := o.Servers.Compute.SwapVolume(ctx, caller, i, from.ID, to.ID, a.ID); err != nil {
		return errors.Join(err, o.Volumes.DeleteAttachment(context.WithoutCancel(ctx), caller, a.ID))
	}
	return nil
}

// writers counts the attachments of a volume that may write to it.
func (o *Ops) writers(ctx context.Context, caller *reqctx.Caller, v *cinder.Volume) (int, error) {
	if len(v.Attachments) < 2 {
		return len(v.Attachments), nil
	}
	n := 0
	for _, one := range v.Attachments {
		a, err := o.Volumes.Attachment(ctx, caller, one.AttachmentID)
		switch {
		case errors.Is(err, objects.ErrVolumeAttachmentNotFound):
			n++
		case err != nil:
			return 0, err
		case a.AttachMode == "rw":
			n++
		}
	}
	return n, nil
}
