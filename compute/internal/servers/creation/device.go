package creation

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/body"
	"github.com/nova-go/nova/internal/ops/create"
	"github.com/nova-go/nova/internal/policy"
	"github.com/nova-go/nova/internal/pytext"
	"github.com/nova-go/nova/internal/release"
)

// device is a block device in the format block_device_mapping_v2.
type device struct {
	Source              string     `json:"source_type"`
	Destination         string     `json:"destination_type"`
	UUID                string     `json:"uuid"` // the UUID of the source
	ImageID             *string    `json:"image_id"`
	VolumeID            *string    `json:"volume_id"`
	SnapshotID          *string    `json:"snapshot_id"`
	Name                *string    `json:"device_name"`
	GuestFormat         *string    `json:"guest_format"`
	Type                *string    `json:"device_type"`
	Bus                 *string    `json:"disk_bus"`
	BootIndex           *body.Int  `json:"boot_index"`
	Size                body.Value `json:"volume_size"`
	DeleteOnTermination body.Value `json:"delete_on_termination"`
	NoDevice            body.Value `json:"no_device"` // any value
	ConnectionInfo      *string    `json:"connection_info"`
	VirtualName         body.Value `json:"virtual_name"` // not valid in this format
	Tag                 *string    `json:"tag"`          // in 2.32, and since 2.42
	VolumeType          *string    `json:"volume_type"`  // since 2.67
}

// legacyDevice is a block device in the legacy format block_device_mapping.
type legacyDevice struct {
	VirtualName         string     `json:"virtual_name"`
	VolumeID            *string    `json:"volume_id"`
	SnapshotID          *string    `json:"snapshot_id"`
	Name                *string    `json:"device_name"`
	Size                body.Value `json:"volume_size"`
	DeleteOnTermination body.Bool  `json:"delete_on_termination"`
	NoDevice            body.Value `json:"no_device"` // any value
	ConnectionInfo      *string    `json:"connection_info"`
}

// readDevices reads the block devices of either format, and checks that the request names a boot
// source.
func readDevices(r *api.Request, s *newServer, q *create.Request) error {
	if len(s.LegacyDevices) > 0 && len(s.Devices) > 0 {
		return api.BadRequest("Using different block_device_mapping syntaxes is not allowed in the same request.")
	}
	q.Legacy = len(s.Devices) == 0
	for n := range s.LegacyDevices {
		q.Devices = append(q.Devices, s.LegacyDevices[n].parse())
	}
	for n := range s.Devices {
		d, err := s.Devices[n].parse(s.hasImage(r.Release()))
		if err != nil {
			return err
		}
		q.Devices = append(q.Devices, d)
	}
	switch {
	case len(q.Devices) > 0:
		return r.Can(policy.ServersCreateAttachVolume, r.Own())
	case q.Image == "":
		return api.BadRequest("Missing imageRef attribute")
	}
	return nil
}

// hasImage reports whether the request names an image for block devices.
func (s *newServer) hasImage(r release.Release) bool {
	return s.ImageRef != nil && (*s.ImageRef != "" || !r.Has(release.EmptyImageRef))
}

func (d *legacyDevice) parse() *create.Device {
	removed := d.NoDevice.Truthy()
	return &create.Device{Virtual: d.VirtualName, VolumeID: d.VolumeID, SnapshotID: d.SnapshotID, Name: d.Name,
		Size:                gibibytes(d.Size, removed),
		DeleteOnTermination: bool(d.DeleteOnTermination), NoDevice: removed, ConnectionInfo: d.ConnectionInfo}
}

func (d *device) parse(hasImage bool) (*create.Device, error) {
	removed := d.NoDevice.Truthy()
	parsed := &create.Device{Source: d.Source, Destination: d.Destination, ImageID: d.ImageID, VolumeID: d.VolumeID,
		SnapshotID: d.SnapshotID, Name: d.Name,
		GuestFormat: d.GuestFormat, Type: d.Type, Bus: d.Bus, BootIndex: (*int64)(d.BootIndex), Size: gibibytes(d.Size, removed), Tag: d.Tag,
		VolumeType: d.VolumeType,
		NoDevice:   removed, ConnectionInfo: d.ConnectionInfo}
	if removed { // Nova ignores this device, and treats every word as true
		parsed.DeleteOnTermination = d.DeleteOnTermination.Truthy()
	} else {
		parsed.DeleteOnTermination = pytext.Truthy(d.DeleteOnTermination.Text())
	}
	var unknown []string
	if d.VirtualName.Given {
		unknown = append(unknown, "virtual_name")
	}
	return parsed, parsed.FromAPI(d.UUID, hasImage, unknown...)
}

// gibibytes reads a size in GiB; nil means none. It converts the text of the value as Python's int
// does, which rejects 1.0. If unchecked is true, as for values that Nova does not validate, it
// converts the value itself.
func gibibytes(v body.Value, unchecked bool) *int64 {
	if !v.Given {
		return nil
	}
	n, err := pytext.Int64(v.Text())
	if unchecked {
		n, err = v.Int()
	}
	if err != nil {
		n = -1
	}
	return &n
}
