package compute

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/resource"
	"github.com/nova-go/nova/internal/devcloud/volume"
	"github.com/nova-go/nova/internal/objects"
)

// devices names the block devices of a new server, attaches its volumes, and creates those that do
// not exist, in the task states of a build. It returns the name of the root device, which may be
// "". Errors: deviceError; errOvertaken.
func (j *Job) devices() (root string, err error) {
	list, err := j.Records.Devices(j.Ctx, j.Server.UUID)
	if err != nil {
		return "", err
	}
	mapping := func(r *records.Records) error {
		return advance(j.Ctx, r, j.Server.UUID, []string{"networking"}, records.Row{"task_state": "block_device_mapping"})
	}
	onVolumes := slices.ContainsFunc(list, func(d *records.Device) bool { return d.Destination == "volume" })
	if onVolumes { // Cinder takes its time, so that clients see the state
		if err := mapping(j.Records); err != nil {
			return "", err
		}
	}
	if root, err = j.nameDevices(list); err != nil {
		return "", deviceError{err}
	}
	// The columns of volumes are written at once, so that a deletion of the server finds them.
	columns := func(d *records.Device) records.Row { // without device_type and disk_bus, as with Nova's fake driver
		return records.Row{"device_type": nil, "disk_bus": nil, "device_name": d.Name}
	}
	for _, d := range list {
		if d.Destination != "volume" {
			continue
		}
		set := columns(d)
		if err := j.volume(d, set); err != nil {
			return "", deviceError{err}
		}
		if err := j.Records.UpdateDevice(j.Ctx, d.ID, set); err != nil {
			return "", err
		}
	}
	return root, j.Records.Together(j.Ctx, func(r *records.Records) error {
		if !onVolumes {
			if err := mapping(r); err != nil {
				return err
			}
		}
		for _, d := range list {
			if d.Destination == "volume" {
				continue
			}
			if err := r.UpdateDevice(j.Ctx, d.ID, columns(d)); err != nil {
				return err
			}
		}
		return advance(j.Ctx, r, j.Server.UUID, []string{"block_device_mapping"}, records.Row{"task_state": "spawning"})
	})
}

// volume attaches the volume of a block device, and creates it if necessary.
func (j *Job) volume(d *records.Device, set records.Row) error {
	if d.VolumeID == nil {
		name := ""
		if d.Source == "blank" {
			name = j.Server.UUID + "-blank-vol"
		}
		made, err := j.Volumes.Create(volume.NewVolume{Project: j.Server.ProjectID, User: j.Server.UserID, Size: objects.OrZero(d.Size),
			Image: objects.OrZero(d.ImageID), Snapshot: objects.OrZero(d.SnapshotID), Type: objects.OrZero(d.VolumeType), Name: name})
		if err != nil {
			return volumeError(err, "")
		}
		id := resource.Text(made, "id")
		d.VolumeID = &id
		set["volume_id"], set["volume_size"] = id, resource.Int(made, "size")
	}
	if d.AttachmentID == nil {
		a, err := j.Volumes.Attach(*d.VolumeID, j.Server.UUID, j.Server.ProjectID)
		if err != nil {
			return volumeError(err, *d.VolumeID)
		}
		id := resource.Text(a, "id")
		d.AttachmentID = &id
		set["attachment_id"] = id
	}
	info, err := j.Volumes.Connect(*d.AttachmentID, j.Host, *d.Name)
	set["connection_info"] = records.Column(info)
	return volumeError(err, *d.VolumeID)
}

// volumeError converts an error of Cinder about a volume to the exception that Nova's client of
// Cinder raises.
func volumeError(err error, volume string) error {
	e, known := errors.AsType[*resource.Error](err)
	if !known {
		return err
	}
	full := fmt.Sprintf("%s (HTTP %d) (Request-ID: req-%s)", e.Message, e.Status, uuid.NewString())
	switch e.Status {
	case http.StatusBadRequest:
		return Failed("InvalidInput", "Invalid input received: %s", full)
	case http.StatusForbidden:
		return Failed("Forbidden", "%s", full)
	case http.StatusNotFound:
		if volume == "" {
			return Failed("NotFound", "%s", e.Message)
		}
		return Failed("VolumeNotFound", "Volume %s could not be found.", volume)
	case http.StatusRequestEntityTooLarge:
		return Failed("OverQuota", "%s", e.Message)
	}
	return err
}

// dropVolumes detaches the volumes of a deleted server, and deletes those with
// delete_on_termination.
func (j *Job) dropVolumes() error {
	list, err := j.Records.Devices(j.Ctx, j.Server.UUID)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.VolumeID == nil {
			continue
		}
		if err := j.Volumes.Detach(objects.OrZero(d.AttachmentID)); err != nil {
			return err
		}
		if d.DeleteOnTermination {
			if err := j.Volumes.DeleteUnused(*d.VolumeID); err != nil {
				j.Log.Info().Err(err).Str("volume", *d.VolumeID).Msg("the volume of a deleted server is not deleted")
			}
		}
	}
	return nil
}

// reserveDevice handles the message reserve_block_device_name.
func (j *Job) reserveDevice() (any, error) {
	return j.ReserveDevice(Reservation{Volume: j.text("volume_id"), Device: j.text("device"), Bus: j.text("disk_bus"),
		Type: j.text("device_type"), Tag: j.text("tag")})
}

// Reservation is a volume to attach. Without a Device it gets the next free name.
type Reservation struct{ Volume, Device, Bus, Type, Tag string }

// ReserveDevice inserts the block device of a volume to attach.
func (j *Job) ReserveDevice(r Reservation) (any, error) {
	list, err := j.Records.Devices(j.Ctx, j.Server.UUID)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		if objects.OrZero(d.VolumeID) == r.Volume {
			return nil, Failed("InvalidVolume", "Invalid volume: volume %s already attached", r.Volume)
		}
	}
	name, err := nextDevice(usedNames(j.Server.RootDevice, list), cmp.Or(j.Server.RootDevice, defaultRoot), r.Device)
	if err != nil {
		return nil, err
	}
	orNil := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return j.Records.AddDevice(j.Ctx, j.Server.UUID, records.Row{"source_type": "volume", "destination_type": "volume",
		"volume_id": r.Volume, "device_name": name,
		"disk_bus": orNil(r.Bus), "device_type": orNil(r.Type), "tag": orNil(r.Tag), "delete_on_termination": false, "no_device": false})
}

func (j *Job) find(volume string) (*records.Device, error) {
	list, err := j.Records.Devices(j.Ctx, j.Server.UUID)
	for _, d := range list {
		if objects.OrZero(d.VolumeID) == volume {
			return d, nil
		}
	}
	if err == nil {
		err = Failed("VolumeBDMNotFound", "No volume Block Device Mapping with id %s.", volume)
	}
	return nil, err
}

func (j *Job) attachVolume() (any, error) {
	id := j.object("bdm").Text("volume_id")
	err := j.AttachVolume(id)
	if err != nil {
		err = errors.Join(err, j.Abandon(id))
	}
	return nil, err
}

// Reserve reserves the volume of a reserved block device in Cinder. Errors: the exceptions of
// Nova's client of Cinder.
func (j *Job) Reserve(device int64, id string) error {
	a, err := j.Volumes.Attach(id, j.Server.UUID, j.Server.ProjectID)
	if err != nil {
		return volumeError(err, id)
	}
	return j.Records.UpdateDevice(j.Ctx, device, records.Row{"attachment_id": a["id"]})
}

// AttachVolume attaches the volume of a reserved block device. If that fails, Abandon must be
// called.
func (j *Job) AttachVolume(id string) error {
	d, err := j.find(id)
	if err != nil {
		return err
	}
	set := records.Row{}
	if err := j.volume(d, set); err != nil {
		return err
	}
	if v := j.Volumes.Get(id); v != nil {
		set["volume_size"] = resource.Int(v, "size")
	}
	return j.Records.UpdateDevice(j.Ctx, d.ID, set)
}

// Abandon deletes the block device of a volume that could not be attached, and its attachment.
func (j *Job) Abandon(id string) error {
	d, err := j.find(id)
	if err != nil {
		return err
	}
	return errors.Join(j.Volumes.Detach(objects.OrZero(d.AttachmentID)), j.Records.RemoveDevice(j.Ctx, d.ID))
}

func (j *Job) detachVolume() (any, error) {
	d, err := j.find(j.text("volume_id"))
	if err != nil {
		return nil, err
	}
	attachment := j.text("attachment_id")
	if attachment == "" {
		attachment = objects.OrZero(d.AttachmentID)
	}
	if err := j.Volumes.Detach(attachment); err != nil {
		return nil, err
	}
	return nil, j.Records.RemoveDevice(j.Ctx, d.ID)
}

// swapVolume replaces an attached volume by another one.
func (j *Job) swapVolume() (any, error) {
	d, err := j.find(j.text("old_volume_id"))
	if err != nil {
		return nil, err
	}
	id, attachment := j.text("new_volume_id"), j.text("new_attachment_id")
	info, err := j.Volumes.Connect(attachment, j.Host, objects.OrZero(d.Name))
	if err != nil {
		return nil, err
	}
	if err := j.Volumes.Detach(objects.OrZero(d.AttachmentID)); err != nil {
		return nil, err
	}
	if err := j.Records.UpdateDevice(j.Ctx, d.ID, records.Row{"volume_id": id, "attachment_id": attachment,
		"connection_info": records.Column(info), "volume_size": resource.Int(j.Volumes.Get(id), "size")}); err != nil {
		return nil, err
	}
	return nil, j.set(done(records.Row{"vm_state": "active"}))
}
