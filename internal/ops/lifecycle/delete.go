package lifecycle

import (
	"context"
	"errors"
	"slices"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/hardware"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
)

// removal is the state of the deletion of one server: an immediate one, or a soft deletion, after which the server can be
// restored until [DEFAULT] reclaim_instance_interval has passed.
type removal struct {
	ops    *Ops
	caller *reqctx.Caller
	i      *objects.Instance
	soft   bool
}

// Delete deletes a server in any state. Its host does it; if it has no host or its host is down, the API does.
func (o *Ops) Delete(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if i.Locked && !caller.IsAdmin {
		return server.Locked(i)
	}
	return (&removal{ops: o, caller: caller, i: i}).run(ctx)
}

// SoftDelete powers a server off and marks it for a later deletion. A server that was never launched is deleted
// immediately.
func (o *Ops) SoftDelete(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if i.Locked && !caller.IsAdmin {
		return server.Locked(i)
	}
	return (&removal{ops: o, caller: caller, i: i, soft: i.LaunchedAt != nil}).run(ctx)
}

func (r *removal) run(ctx context.Context) error {
	if r.i.DisableTerminate {
		return nil
	}
	if objects.OrZero(r.i.Host) == "" && !builtOnce(r.i) {
		if done, err := r.unscheduled(ctx); done || err != nil {
			return err
		}
	}
	err := r.scheduled(ctx)
	if errors.Is(err, objects.ErrInstanceNotFound) {
		return nil // another request has deleted it
	}
	return err
}

// builtOnce reports whether a server without a host has been on one, and may still have ports and volumes.
func builtOnce(i *objects.Instance) bool {
	return slices.Contains([]string{"shelved_offloaded", "error"}, objects.OrZero(i.VMState))
}

// unscheduled deletes a server that is not on a host yet. done is false if the scheduler has chosen a host meanwhile; r.i
// is then the server of the cell.
func (r *removal) unscheduled(ctx context.Context) (done bool, err error) {
	uuid := r.i.UUID
	devices, ok, err := dbapi.TakeBuildRequest(ctx, r.ops.Servers.Reader.API, uuid)
	if err != nil {
		return false, err
	}
	if ok { // the conductor stops the build when it does not find the build request
		r.releaseVolumes(ctx, devices)
	}
	there, err := r.lookup(ctx, uuid)
	if err != nil {
		return false, err
	}
	if there != nil {
		r.i = there
		if !ok && r.ops.Servers.Release.Has(release.BuildingServersCleanedUp) {
			if devices, err = r.ops.Servers.Devices(ctx, r.i); err != nil {
				return false, err
			}
			r.releaseVolumes(ctx, devices)
		}
		switch err := r.announced(ctx, r.destroy); {
		case errors.Is(err, cell.ErrHostChanged):
			if r.i, err = r.lookup(ctx, uuid); err != nil {
				return false, err
			}
			if r.i != nil {
				return false, nil
			}
		case err != nil && !errors.Is(err, objects.ErrInstanceNotFound):
			return false, err
		}
	} else if ok {
		r.gone(ctx)
	}
	return true, r.forget(ctx, uuid)
}

// lookup reads a server from the cell that it is mapped to now, or returns nil.
func (r *removal) lookup(ctx context.Context, uuid string) (*objects.Instance, error) {
	m, err := dbapi.InstanceMapping(ctx, r.ops.Servers.Reader.API, uuid, dbapi.MappingFields{})
	if err != nil || m == nil || m.CellID == nil {
		return nil, err
	}
	i, err := r.ops.Servers.Reader.FromCell(ctx, m, server.GetOptions{Load: cell.Load{Record: objects.UsualParts, Metadata: true,
		SystemMetadata: true}})
	if errors.Is(err, objects.ErrInstanceNotFound) {
		return nil, nil
	}
	return i, err
}

// announced sends the notifications before and after a deletion that the API performs, whether or not it succeeds.
func (r *removal) announced(ctx context.Context, do func(context.Context) error) error {
	r.ops.Servers.Announce(ctx, r.caller, "delete.start", r.i)
	defer r.ops.Servers.Announce(ctx, r.caller, "delete.end", r.i)
	return do(ctx)
}

func (r *removal) destroy(ctx context.Context) error {
	err := r.ops.Servers.InCell(ctx, r.i, func(ctx context.Context, c *db.Cell) error {
		return cell.Destroy(ctx, c, r.i.UUID, objects.OrZero(r.i.Host) != "")
	})
	if err == nil {
		r.i.DeletedAt = new(db.Now(ctx))
		r.gone(ctx)
	}
	return err
}

// gone passes the deletion of the server to the observer of the API's writes.
func (r *removal) gone(ctx context.Context) {
	gone := *r.i
	gone.VMState, gone.TaskState = new("deleted"), nil
	r.ops.Servers.Notify.Changed(ctx, "delete.end", &gone)
}

// forget deletes the allocations of a deleted server, and marks its instance mapping as deleted.
func (r *removal) forget(ctx context.Context, uuid string) error {
	if err := r.ops.Servers.Services.Allocations.DeleteAllocations(ctx, r.caller, uuid); err != nil {
		r.ops.Servers.Log.Info().Err(err).Str("instance", uuid).Msg("Allocation delete failed during local delete cleanup.")
	}
	return dbapi.SetQueuedForDelete(ctx, r.ops.Servers.Reader.API, uuid, true)
}

// scheduled deletes a server that is or was on a host.
func (r *removal) scheduled(ctx context.Context) error {
	devices, err := r.ops.Servers.Devices(ctx, r.i)
	if err != nil {
		return err
	}
	r.dropShelvedImage(ctx)
	was := objects.OrZero(r.i.TaskState)
	err = r.ops.Servers.Save(ctx, r.i, nil, func(i *objects.Instance) {
		i.TaskState, i.Progress = new("deleting"), new(int64)
		if r.soft {
			i.TaskState, i.DeletedAt = new("soft-deleting"), new(db.Now(ctx))
		}
	})
	if err != nil {
		return err
	}
	if objects.OrZero(r.i.Host) == "" && !builtOnce(r.i) {
		if err := r.announced(ctx, r.destroy); !errors.Is(err, cell.ErrHostChanged) {
			if err != nil {
				return err
			}
			return r.forget(ctx, r.i.UUID)
		}
		there, err := r.lookup(ctx, r.i.UUID)
		if err != nil || there == nil {
			return err
		}
		r.i = there
	}
	if objects.OrZero(r.i.VMState) == "resized" {
		if err := r.confirmResize(ctx); err != nil {
			return err
		}
	}
	up, err := r.hostUp(ctx)
	switch {
	case err != nil:
		return err
	case !up:
		return r.local(ctx, devices)
	case was == "deleting" || was == "soft-deleting":
		return nil // another request is deleting it
	}
	if err := r.ops.Servers.Record(ctx, r.caller, r.i, "delete"); err != nil {
		return err
	}
	if r.soft {
		err = r.ops.Servers.Compute.SoftDelete(ctx, r.caller, r.i)
	} else {
		err = r.ops.Servers.Compute.Terminate(ctx, r.caller, r.i, devices)
	}
	if err != nil {
		return err
	}
	return dbapi.SetQueuedForDelete(ctx, r.ops.Servers.Reader.API, r.i.UUID, true)
}

// dropShelvedImage deletes the image of a shelved server. It logs errors.
func (r *removal) dropShelvedImage(ctx context.Context) {
	image := r.i.SystemMetadata["shelved_image_id"]
	if !slices.Contains([]string{"shelved", "shelved_offloaded"}, objects.OrZero(r.i.VMState)) || image == "" {
		return
	}
	if err := r.ops.Servers.Services.Images.Delete(ctx, r.caller, image); err != nil {
		r.ops.Servers.Log.Warn().Err(err).Str("instance", r.i.UUID).Str("image", image).Msg("Failed to delete snapshot from shelved instance.")
	}
}

// hostUp reports whether the nova-compute of the server's host is up.
func (r *removal) hostUp(ctx context.Context) (bool, error) {
	host := objects.OrZero(r.i.Host)
	if host == "" {
		return false, nil
	}
	services, err := server.In(ctx, r.ops.Servers.Reader, r.i, func(ctx context.Context, c *db.Cell) ([]*objects.Service, error) {
		return cell.Services(ctx, c, cell.ServiceQuery{Hosts: []string{host}, Binary: "nova-compute"})
	})
	return err == nil && len(services) > 0 && r.ops.Servers.Up(services[0]), err
}

// confirmResize confirms the resize of a server, so that its previous host deletes what it kept of it.
func (r *removal) confirmResize(ctx context.Context) error {
	migration, err := server.In(ctx, r.ops.Servers.Reader, r.i, func(ctx context.Context, c *db.Cell) (*objects.Migration, error) {
		return cell.MigrationIn(ctx, c, r.i.UUID, "finished", "confirming")
	})
	if err != nil || migration == nil {
		return err
	}
	if err := r.ops.Servers.Record(ctx, r.caller, r.i, "confirmResize"); err != nil {
		return err
	}
	if migration.CrossCell {
		err = r.ops.Servers.Conductor.ConfirmSnapshotBasedResizeNow(ctx, r.caller, r.i, migration)
	} else {
		err = r.ops.Servers.Compute.ConfirmResizeNow(ctx, r.caller, r.i, migration)
	}
	if err != nil || !r.soft {
		return err
	}
	return r.ops.Servers.Save(ctx, r.i, nil, func(i *objects.Instance) { i.TaskState = new("soft-deleting") })
}

// local deletes a server whose host is down or missing.
func (r *removal) local(ctx context.Context, devices []*objects.BlockDevice) error {
	err := r.announced(ctx, func(ctx context.Context) error { return r.withoutHost(ctx, devices) })
	if err != nil {
		return err
	}
	return r.ops.Servers.Record(ctx, r.caller, r.i, "delete")
}

func (r *removal) withoutHost(ctx context.Context, devices []*objects.BlockDevice) error {
	if err := r.releaseNetwork(ctx); err != nil {
		return err
	}
	r.releaseVolumes(ctx, devices)
	if err := r.releaseAccelerators(ctx); err != nil {
		return err
	}
	if err := r.ops.Servers.Services.Allocations.DeleteAllocations(ctx, r.caller, r.i.UUID); err != nil {
		return err
	}
	err := r.ops.Servers.Save(ctx, r.i, nil, func(i *objects.Instance) {
		i.VMState, i.TaskState, i.TerminatedAt = new("deleted"), nil, new(db.Now(ctx))
		if r.soft {
			i.VMState = new("soft-delete")
		}
	})
	if err != nil {
		return err
	}
	if err := dbapi.SetQueuedForDelete(ctx, r.ops.Servers.Reader.API, r.i.UUID, true); err != nil {
		return err
	}
	return r.destroy(ctx)
}

// releaseNetwork deletes the ports that Nova created for the server, and unbinds the other ones.
func (r *removal) releaseNetwork(ctx context.Context) error {
	vifs, err := objects.ParseNetworkInfo([]byte(r.i.NetworkInfo()))
	if err != nil {
		return err
	}
	var keep []string
	for _, v := range vifs {
		if v.PreserveOnDel {
			keep = append(keep, v.ID)
		}
	}
	requests, err := r.ops.Servers.Services.Network.Deallocate(ctx, r.caller, r.i.UUID, keep)
	if len(requests) > 0 { // of ports with a device profile
		if err := r.ops.Servers.Services.Accelerators.FreeRequests(ctx, r.caller, requests); err != nil {
			r.ops.Servers.Log.Error().Err(err).Str("instance", r.i.UUID).Msg("Failed to delete accelerator requests")
		}
	}
	if err != nil {
		return err
	}
	return r.ops.Servers.InCell(ctx, r.i, func(ctx context.Context, c *db.Cell) error { return cell.ForgetNetwork(ctx, c, r.i.UUID) })
}

// releaseAccelerators deletes the accelerator requests of the flavor. As in Nova, it only logs a failure, after which the
// operator must delete them.
func (r *removal) releaseAccelerators(ctx context.Context) error {
	if r.i.Flavor == nil {
		if err := r.ops.Servers.LoadFlavor(ctx, r.i); err != nil {
			return err
		}
	}
	if r.i.Flavor == nil || !hardware.UsesAccelerators(r.i.Flavor) {
		return nil
	}
	if err := r.ops.Servers.Services.Accelerators.DeleteRequests(ctx, r.caller, r.i.UUID); err != nil {
		r.ops.Servers.Log.Error().Err(err).Str("instance", r.i.UUID).Msg("Failed to delete accelerator requests")
	}
	return nil
}

// releaseVolumes detaches the server's volumes, and deletes those with delete_on_termination. As in Nova, it only logs
// failures.
func (r *removal) releaseVolumes(ctx context.Context, devices []*objects.BlockDevice) {
	for _, d := range devices {
		if err := r.releaseVolume(ctx, d); err != nil {
			r.ops.Servers.Log.Warn().Err(err).Str("instance", r.i.UUID).Msg("Ignoring volume cleanup failure")
		}
		if d.ID == 0 { // it is only in the build request, not in a row
			continue
		}
		err := r.ops.Servers.InCell(ctx, r.i, func(ctx context.Context, c *db.Cell) error { return cell.DestroyBlockDevice(ctx, c, d.ID) })
		if err != nil {
			r.ops.Servers.Log.Warn().Err(err).Str("instance", r.i.UUID).Msg("A block device mapping cannot be deleted; its row remains")
		}
	}
}

func (r *removal) releaseVolume(ctx context.Context, d *objects.BlockDevice) error {
	volume := objects.OrZero(d.VolumeID)
	if !d.OnVolume() || volume == "" {
		return nil
	}
	if attachment := objects.OrZero(d.AttachmentID); attachment != "" {
		if err := r.ops.Servers.Services.Volumes.DeleteAttachment(ctx, r.caller, attachment); err != nil {
			return err
		}
	}
	if d.DeleteOnTermination {
		return r.ops.Servers.Services.Volumes.DeleteVolume(ctx, r.caller, volume)
	}
	return nil
}

// Restore restores a soft-deleted server.
func (o *Ops) Restore(ctx context.Context, caller *reqctx.Caller, i *objects.Instance) error {
	if err := (server.Guard{VM: []string{"soft-delete"}}).Check(caller, i, "restore"); err != nil {
		return lockedAsState(i, "restore", err)
	}
	if i.Flavor != nil {
		devices, err := o.Servers.Devices(ctx, i)
		if err != nil {
			return err
		}
		if err := o.Servers.Limits.OneMore(ctx, caller, quotaTaker(i, devices)); err != nil {
			return err
		}
	}
	if err := o.Servers.Record(ctx, caller, i, "restore"); err != nil {
		return err
	}
	hosted := objects.OrZero(i.Host) != ""
	err := o.Servers.Save(ctx, i, []string{""}, func(i *objects.Instance) {
		i.DeletedAt = nil
		if hosted {
			i.TaskState = new("restoring")
		} else {
			i.VMState = new("active")
		}
	})
	if err != nil {
		return err
	}
	if hosted {
		if err := o.Servers.Compute.Restore(ctx, caller, i); err != nil {
			return err
		}
	}
	return dbapi.SetQueuedForDelete(ctx, o.Servers.Reader.API, i.UUID, false)
}
