package server

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/notify"
	"github.com/nova-go/nova/internal/reqctx"
)

// AnnounceVersioned sends the versioned notification of an event of a server. It reads the flavor if the server was loaded
// without it, because the payload contains it.
func (o *Core) AnnounceVersioned(ctx context.Context, caller *reqctx.Caller, event string, i *objects.Instance) error {
	if !o.Notify.Versioned() {
		return nil
	}
	if i.Flavor == nil {
		if err := o.LoadFlavor(ctx, i); err != nil {
			return err
		}
	}
	with, err := o.attached(ctx, i)
	if err != nil {
		return err
	}
	return o.Notify.Instance(ctx, caller, event, i, with)
}

// attached reads the block devices and the shares of a server, if the configuration says that notifications contain them.
func (o *Core) attached(ctx context.Context, i *objects.Instance) (with notify.Attached, err error) {
	if o.Notify.Devices() {
		if with.Devices, err = o.Devices(ctx, i); err != nil {
			return with, err
		}
	}
	if o.Notify.Shares() {
		with.Shares, err = In(ctx, o.Reader, i, func(ctx context.Context, c *db.Cell) ([]*objects.Share, error) {
			return cell.Shares(ctx, c,
				i.UUID)
		})
	}
	return with, err
}

// Announce sends the notifications of an event of a server, such as "delete.start", in both forms. It logs errors and does
// not return them, because a failed notification must not stop the operation.
func (o *Core) Announce(ctx context.Context, caller *reqctx.Caller, event string, i *objects.Instance) {
	if !o.Notify.Legacy() && !o.Notify.Versioned() {
		return
	}
	err := o.announceBoth(ctx, caller, event, i)
	if err != nil {
		o.Log.Error().Err(err).Str("instance", i.UUID).Msg("Exception during notification sending. Attempting to proceed with normal operation.")
	}
}

func (o *Core) announceBoth(ctx context.Context, caller *reqctx.Caller, event string, i *objects.Instance) error {
	if i.Flavor == nil {
		if err := o.LoadFlavor(ctx, i); err != nil {
			return err
		}
	}
	if o.Notify.Legacy() {
		url, err := o.Services.Images.URL(ctx, caller, i.ImageRef)
		if err != nil {
			return err
		}
		o.Notify.Usage(ctx, caller, event, i, url)
	}
	return o.AnnounceVersioned(ctx, caller, event, i)
}

// LoadFlavor reads the flavors of a server that was loaded without them, and adds them to the record.
func (o *Core) LoadFlavor(ctx context.Context, i *objects.Instance) error {
	return o.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		with, err := cell.Instance(ctx, c, i.UUID, cell.Load{Record: objects.PartRow | objects.PartFlavor})
		if err != nil {
			return err
		}
		i.Flavor, i.OldFlavor, i.NewFlavor = with.Flavor, with.OldFlavor, with.NewFlavor
		i.Loaded |= objects.PartFlavor
		return nil
	})
}

// changed sends compute.instance.update if [notifications] notify_on_state_change enables it. It reads the server from its
// cell again into another object, so that the RPC message to the server's host contains only the parts that the operation
// loaded. It logs errors.
func (o *Core) changed(ctx context.Context, was, now *objects.Instance) {
	caller := reqctx.From(ctx)
	if !o.Notify.Changes() || caller == nil {
		return
	}
	u := notify.Update{Now: o.Now().UTC(), OldVMState: was.VMState, OldTaskState: was.TaskState}
	if objects.OrZero(was.DisplayName) != objects.OrZero(now.DisplayName) {
		u.OldName = objects.OrZero(was.DisplayName)
	}
	err := o.InCell(ctx, now, func(ctx context.Context, c *db.Cell) (err error) {
		u.Server, err = cell.Instance(ctx, c, now.UUID, cell.Load{Record: objects.UsualParts | objects.PartFlavor | objects.PartTags,
			Metadata: true, SystemMetadata: true})
		return err
	})
	if err == nil {
		_, u.PeriodBegan, err = objects.LastPeriod(o.AuditPeriod, u.Now)
	}
	if err == nil {
		u.ImageURL, err = o.Services.Images.URL(ctx, caller, now.ImageRef)
	}
	if err == nil {
		u.Attached, err = o.attached(ctx, now)
	}
	if err == nil {
		err = o.Notify.Updated(ctx, caller, u)
	}
	if err != nil {
		o.Log.Error().Err(err).Str("instance", now.UUID).Msg("Failed to send state update notification")
	}
}
