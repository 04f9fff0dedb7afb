package compute

import (
	"strings"

	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/resource"
	"github.com/nova-go/nova/internal/devcloud/volume"
	"github.com/nova-go/nova/internal/objects"
)

// rootDevice is the name of the first disk in Nova's fake driver.
const rootDevice = "/dev/sda"

// devices attaches the volumes of a new server, creates those that do not exist, and names all
// block devices. It returns the name of the first one.
func (j *Job) devices() (string, error) {
	list, err := j.Records.Devices(j.Ctx, j.Server.UUID)
	if err != nil {
		return "", err
	}
	root := j.Server.RootDevice
	if root == "" {
		root = rootDevice
	}
	for _, d := range list {
		set := records.Row{"device_type": nil, "disk_bus": nil} // as with Nova's fake driver
		name := ""
		switch {
		case d.BootIndex != nil && *d.BootIndex == 0:
			name = root
		case d.Name != nil && *d.Name != "":
			name = *d.Name
		default:
			name = nextDevice(root, list)
		}
		d.Name = &name
		set["device_name"] = name
		if d.Destination == "volume" {
			if err := j.volume(d, set); err != nil {
				return "", err
			}
		}
		if err := j.Records.UpdateDevice(j.Ctx, d.ID, set); err != nil {
			return "", err
		}
	}
	return root, nil
}

// volume attaches the volume of a block device, and creates it if necessary.
func (j *Job) volume(d *records.Device, set records.Row) error {
	if d.VolumeID == nil {
		made, err := j.Volumes.Create(volume.NewVolume{Project: j.Server.ProjectID, User: j.Server.UserID, Size: objects.OrZero(d.Size),
			Image: objects.OrZero(d.ImageID), Snapshot: objects.OrZero(d.SnapshotID), Type: objects.OrZero(d.VolumeType)})
		if err != nil {
			return err
		}
		id := resource.Text(made, "id")
		d.VolumeID = &id
		set["volume_id"], set["volume_size"] = id, resource.Int(made, "size")
	}
	if d.AttachmentID == nil {
		a, err := j.Volumes.Attach(*d.VolumeID, j.Server.UUID, j.Server.ProjectID)
		if err != nil {
			return err
		}
		id := resource.Text(a, "id")
		d.AttachmentID = &id
		set["attachment_id"] = id
	}
	info, err := j.Volumes.Connect(*d.AttachmentID, j.Host, *d.Name)
	set["connection_info"] = records.Column(info)
	return err
}

// nextDevice returns the first unused device name of the same kind as root.
func nextDevice(root string, list []*records.Device) string {
	prefix := strings.TrimRight(root, "abcdefghijklmnopqrstuvwxyz")
	if cut := strings.TrimPrefix(root, "/dev/"); len(cut) >= 3 {
		prefix = "/dev/" + cut[:2]
	}
	taken := map[string]bool{root: true}
	for _, d := range list {
		taken[objects.OrZero(d.Name)] = true
	}
	for c := 'b'; c <= 'z'; c++ {
		if name := prefix + string(c); !taken[name] {
			return name
		}
	}
	return prefix + "aa"
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
			if err := j.Volumes.Delete(*d.VolumeID); err != nil {
				return err
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
		if r.Device != "" && objects.OrZero(d.Name) == r.Device {
			return nil, Failed("DevicePathInUse", "The supplied device path (%s) is in use.", r.Device)
		}
	}
	if r.Device == "" {
		root := j.Server.RootDevice
		if root == "" {
			root = rootDevice
		}
		r.Device = nextDevice(root, list)
	} else if !strings.HasPrefix(r.Device, "/dev/") {
		return nil, Failed("InvalidDevicePath", "The supplied device path (%s) is invalid.", r.Device)
	}
	orNil := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return j.Records.AddDevice(j.Ctx, j.Server.UUID, records.Row{"source_type": "volume", "destination_type": "volume",
		"volume_id": r.Volume, "device_name": r.Device,
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
	return nil, j.AttachVolume(j.object("bdm").Text("volume_id"))
}

// AttachVolume attaches the volume of a reserved block device. If that fails, it deletes the
// block device.
func (j *Job) AttachVolume(id string) error {
	d, err := j.find(id)
	if err != nil {
		return err
	}
	set := records.Row{}
	err = j.volume(d, set)
	if err == nil {
		if v := j.Volumes.Get(id); v != nil {
			set["volume_size"] = resource.Int(v, "size")
		}
		return j.Records.UpdateDevice(j.Ctx, d.ID, set)
	}
	if e := j.Volumes.Detach(objects.OrZero(d.AttachmentID)); e != nil {
		return e
	}
	if e := j.Records.RemoveDevice(j.Ctx, d.ID); e != nil {
		return e
	}
	return err
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
