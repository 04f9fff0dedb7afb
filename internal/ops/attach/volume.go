package attach

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/ops/server"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// VolumeRequest describes a volume that a client attaches.
type VolumeRequest struct {
	Volume              string
	Device, Tag         *string
	Multiattach         bool // the microversion supports multiattach volumes
	DeleteOnTermination any  // a boolean, or a string, which Nova's other services treat as true
	Wait                bool // for nova-compute to choose the device name
}

// devicePath matches the device names that Nova accepts; volumeGuard describes the states in which volumes can be attached
// and detached.
var (
	devicePath  = regexp.MustCompile(`^/dev/x{0,1}[a-z]{0,1}d{0,1}[a-z]+[0-9]*$`)
	volumeGuard = server.Guard{VM: []string{"active", "paused", "stopped", "resized", "soft-delete", "shelved", "shelved_offloaded"}}
)

func joinWords(list []string) string { return strings.Join(list, " ") }

// AttachVolume attaches a volume. If the request waits for the device name, AttachVolume returns it, otherwise nil.
func (o *Ops) AttachVolume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, r VolumeRequest) (*string, error) {
	if err := volumeGuard.Check(caller, i, "attach_volume"); err != nil {
		return nil, err
	}
	if r.Device != nil && *r.Device != "" && !devicePath.MatchString(*r.Device) {
		return nil, objects.ErrInvalidDevicePath.Errorf(objects.KindInvalid, "The supplied device path (%s) is invalid.", *r.Device)
	}
	v, err := o.Volumes.Volume(ctx, caller, r.Volume, "")
	if err != nil {
		return nil, err
	}
	if err := o.alone(ctx, i, v); err != nil {
		return nil, err
	}
	if *i.VMState == "shelved_offloaded" {
		return nil, o.attachToShelved(ctx, caller, i, v, r)
	}
	if !o.Servers.Release.Has(release.ConductorAttachesVolumes) {
		return o.attachByAPI(ctx, caller, i, v, r)
	}
	message := conductorrpc.Volume{Instance: i, Volume: volumeDict(v), Device: r.Device, Tag: r.Tag, Multiattach: r.Multiattach,
		DeleteOnTermination: r.DeleteOnTermination}
	if !r.Wait {
		return nil, o.Servers.Conductor.StartAttach(ctx, caller, message)
	}
	device, err := o.Servers.Conductor.AttachVolume(ctx, caller, message)
	return device, remoteVolumeError(err)
}

// volumeDict returns a volume in the form that RPC messages between Nova's services contain.
func volumeDict(v *cinder.Volume) map[string]any {
	metadata := v.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	d := map[string]any{"id": v.ID, "status": v.Status, "size": v.Size, "availability_zone": v.AvailabilityZone, "created_at": v.CreatedAt,
		"attach_time": "",
		"mountpoint":  "", "multiattach": v.Multiattach, "attach_status": "detached", "display_name": v.Name,
		"display_description": v.Description,
		"volume_type_id":      v.VolumeType, "snapshot_id": v.SnapshotID, "bootable": bool(v.Bootable), "volume_metadata": metadata}
	if len(v.Attachments) > 0 {
		attachments := map[string]any{}
		for _, a := range v.Attachments {
			attachments[a.ServerID] = map[string]any{"attachment_id": a.AttachmentID, "mountpoint": a.Device}
		}
		d["attachments"], d["attach_status"] = attachments, "attached"
	}
	if v.ImageMetadata != nil {
		d["volume_image_metadata"] = v.ImageMetadata
	}
	if v.SharedTargets != nil {
		d["shared_targets"], d["service_uuid"] = v.SharedTargets, v.ServiceUUID
	}
	if v.MigrationStatus.Set {
		d["migration_status"] = v.MigrationStatus.Value
	}
	return d
}

// attachToShelved creates a block device mapping and an attachment in Cinder for a server without a host. The host
// connects the volume when the server is unshelved.
func (o *Ops) attachToShelved(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, v *cinder.Volume, r VolumeRequest) error {
	switch {
	case r.Tag != nil && *r.Tag != "":
		return objects.ErrVolumeTaggedAttachToShelvedNotSupported.Errorf(objects.KindInvalid,
			"Tagged volume attachment is not supported for shelved-offloaded instances.")
	case v.Multiattach:
		return objects.ErrMultiattachToShelvedNotSupported.Errorf(objects.KindInvalid,
			"Attaching multiattach volumes is not supported for shelved-offloaded instances.")
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error {
		id, err := cell.CreateVolumeDevice(ctx, c, i.UUID, v.ID, r.DeleteOnTermination != false)
		if err != nil {
			return err
		}
		err = o.reserve(ctx, caller, i, v, func(attachment string) error { return cell.SetAttachment(ctx, c, id, attachment) })
		if err != nil {
			return errors.Join(err, cell.DestroyBlockDevice(context.WithoutCancel(ctx), c, id))
		}
		return nil
	})
}

// reserve checks the zone of a volume, creates an attachment in Cinder, calls note with its id, and marks the volume as in use.
func (o *Ops) reserve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, v *cinder.Volume,
	note func(attachment string) error) error {
	if err := o.sameZone(ctx, i, v); err != nil {
		return err
	}
	a, err := o.Volumes.CreateAttachment(ctx, caller, v.ID, i.UUID, nil)
	if err != nil {
		return err
	}
	if err := note(a.ID); err != nil {
		return err
	}
	return o.Servers.Step(ctx, caller, i, "attach_volume", "api_attach_volume", func() error {
		return o.Volumes.CompleteAttachment(ctx,
			caller, a.ID)
	})
}

// errNotAttached returns the error for a volume that is not attached to the server.
func errNotAttached(server, volume string) error {
	return objects.ErrVolumeBDMNotFound.Errorf(objects.KindNotFound, "Instance %s is not attached to volume %s", server, volume)
}

// DetachVolume detaches a volume from a server.
func (o *Ops) DetachVolume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, volume string) error {
	v, err := o.Volumes.Volume(ctx, caller, volume, "")
	if err != nil {
		return err
	}
	d, err := o.device(ctx, i, volume)
	if errors.Is(err, objects.ErrVolumeBDMNotFound) {
		return errNotAttached(i.UUID, volume)
	}
	if err != nil {
		return err
	}
	if d.Root() {
		return objects.ErrInvalid.Errorf(objects.KindInvalid, "Cannot detach a root device volume")
	}
	if err := volumeGuard.Check(caller, i, "detach_volume"); err != nil {
		return err
	}
	if *i.VMState == "shelved_offloaded" {
		return o.detachFromShelved(ctx, caller, i, d)
	}
	if err := o.Servers.HostUp(i); err != nil {
		return err
	}
	if err := o.beginDetaching(ctx, caller, volume); err != nil {
		return err
	}
	if err := o.Servers.Record(ctx, caller, i, "detach_volume"); err != nil {
		return err
	}
	var attachment *string
	for _, a := range v.Attachments {
		if a.ServerID == i.UUID {
			attachment = &a.AttachmentID
		}
	}
	return o.Servers.Compute.DetachVolume(ctx, caller, i, volume, attachment)
}

func (o *Ops) beginDetaching(ctx context.Context, caller *reqctx.Caller, volume string) error {
	err := o.Volumes.BeginDetaching(ctx, caller, volume)
	if errors.Is(err, objects.ErrInvalidInput) {
		return errInvalidVolume("%s", err)
	}
	return err
}

func (o *Ops) detachFromShelved(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, d *objects.BlockDevice) error {
	if objects.OrZero(d.AttachmentID) == "" {
		if err := o.beginDetaching(ctx, caller, objects.OrZero(d.VolumeID)); err != nil {
			return err
		}
	}
	return o.Servers.Step(ctx, caller, i, "detach_volume", "api_detach_volume", func() error {
		if a := objects.OrZero(d.AttachmentID); a != "" {
			if err := o.Volumes.DeleteAttachment(ctx, caller, a); err != nil {
				o.Servers.Log.Warn().Err(err).Msgf("Cinder cannot delete attachment %s; the volume is detached without it", a)
			}
		}
		if d.DeleteOnTermination {
			if err := o.Volumes.DeleteVolume(ctx, caller, objects.OrZero(d.VolumeID)); err != nil {
				o.Servers.Log.Warn().Err(err).Msgf("Cinder cannot delete volume %s of a shelved server; it remains", objects.OrZero(d.VolumeID))
			}
		}
		return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.DestroyBlockDevice(ctx, c, d.ID) })
	})
}

// Change contains the members of an attachment that a client sends to update it.
type Change struct {
	ID, Server, Tag     *string
	Device              **string // nil: absent; a pointer to nil: null
	DeleteOnTermination *bool
}

// UpdateVolume sets whether a volume is deleted together with its server. All other members must equal the current values.
func (o *Ops) UpdateVolume(ctx context.Context, i *objects.Instance, volume string, c Change) error {
	d, err := o.device(ctx, i, volume)
	if err != nil {
		return err
	}
	changes := func(given *string, is string) bool { return given != nil && *given != is }
	fixed := ""
	switch {
	case changes(c.ID, volume):
		fixed = "id"
	case changes(c.Server, i.UUID):
		fixed = "serverId"
	case c.Device != nil && objects.OrZero(*c.Device) != objects.OrZero(d.DeviceName):
		fixed = "device"
	case changes(c.Tag, objects.OrZero(d.Tag)):
		fixed = "tag"
	}
	if fixed != "" {
		return objects.ErrInvalid.Errorf(objects.KindInvalid, "The %s property is not mutable", fixed)
	}
	if c.DeleteOnTermination == nil {
		return nil
	}
	return o.Servers.InCell(ctx, i, func(ctx context.Context, in *db.Cell) error {
		return cell.SetDeleteOnTermination(ctx, in, d, *c.DeleteOnTermination)
	})
}
