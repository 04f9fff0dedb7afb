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
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/rest/cinder"
	"github.com/nova-go/nova/internal/rpc/conductorrpc"
)

// VolumeRequest says how a volume is to be attached.
type VolumeRequest struct {
	Volume              string
	Device, Tag         *string
	Multiattach         bool // the caller knows of multiattach volumes
	DeleteOnTermination any  // a truth value, or a word, which Nova's services take for true
	Wait                bool // for the name of the device
}

var (
	devicePath = regexp.MustCompile(`^/dev/x{0,1}[a-z]{0,1}d{0,1}[a-z]+[0-9]*$`)
	attachable = server.Guard{VM: []string{"active", "paused", "stopped", "resized", "soft-delete", "shelved", "shelved_offloaded"}}
)

func join(list []string) string { return strings.Join(list, " ") }

// AttachVolume attaches a volume, and answers the name of its device where that is
// waited for.
func (o *Ops) AttachVolume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, r VolumeRequest) (*string, error) {
	if err := attachable.Check(caller, i, "attach_volume"); err != nil {
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
	message := conductorrpc.Volume{Instance: i, Volume: volumeDict(v), Device: r.Device, Tag: r.Tag, Multiattach: r.Multiattach,
		DeleteOnTermination: r.DeleteOnTermination}
	if !r.Wait {
		return nil, o.Servers.Conductor.StartAttach(ctx, caller, message)
	}
	device, err := o.Servers.Conductor.AttachVolume(ctx, caller, message)
	return device, remote(err)
}

// volumeDict is a volume as Nova's services hand it on to each other.
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

// attachToShelved notes a volume for a server that no host has: the attachment is
// made when it is unshelved.
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

func (o *Ops) reserve(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, v *cinder.Volume,
	note func(attachment string) error) error {
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

// notAttached is the error for a volume that a server does not have.
func notAttached(server, volume string) error {
	return objects.ErrVolumeBDMNotFound.Errorf(objects.KindNotFound, "Instance %s is not attached to volume %s", server, volume)
}

// DetachVolume takes a volume away from a server.
func (o *Ops) DetachVolume(ctx context.Context, caller *reqctx.Caller, i *objects.Instance, volume string) error {
	v, err := o.Volumes.Volume(ctx, caller, volume, "")
	if err != nil {
		return err
	}
	d, err := o.device(ctx, i, volume)
	if errors.Is(err, objects.ErrVolumeBDMNotFound) {
		return notAttached(i.UUID, volume)
	}
	if err != nil {
		return err
	}
	if d.Root() {
		return objects.ErrInvalid.Errorf(objects.KindInvalid, "Cannot detach a root device volume")
	}
	if err := attachable.Check(caller, i, "detach_volume"); err != nil {
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
		return invalidVolume("%s", err)
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
				o.Servers.Log.Warn().Err(err).Msgf("Ignoring Cinder, which does not give up attachment %s", a)
			}
		}
		if d.DeleteOnTermination {
			if err := o.Volumes.DeleteVolume(ctx, caller, objects.OrZero(d.VolumeID)); err != nil {
				o.Servers.Log.Warn().Err(err).Msgf("Ignoring Cinder, which does not delete volume %s", objects.OrZero(d.VolumeID))
			}
		}
		return o.Servers.InCell(ctx, i, func(ctx context.Context, c *db.Cell) error { return cell.DestroyBlockDevice(ctx, c, d.ID) })
	})
}

// Change are the members of an attachment that a caller repeats or changes.
type Change struct {
	ID, Server, Tag     *string
	Device              **string // nil: not given; a pointer to nil: null
	DeleteOnTermination *bool
}

// UpdateVolume changes what can be changed of an attachment: whether the volume goes
// with its server.
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
