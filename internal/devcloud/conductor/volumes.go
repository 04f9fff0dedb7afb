package conductor

import (
	"errors"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/db/cell"
	"github.com/nova-go/nova/internal/devcloud/compute"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/resource"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// attach reserves a device name for a volume, attaches the volume and returns the name.
func (c *Conductor) attach(m *message, j *compute.Job) (any, error) {
	var v resource.Doc
	if err := m.Arg("volume", &v); err != nil {
		return nil, err
	}
	text := func(arg string) string {
		var s *string
		if m.Arg(arg, &s) != nil || s == nil {
			return ""
		}
		return *s
	}
	var remove any // as in Python, any non-empty string is true
	if err := m.Arg("delete_on_termination", &remove); err != nil {
		return nil, err
	}
	var shareable bool // the request supports multiattach volumes
	if err := m.Arg("supports_multiattach", &shareable); err != nil {
		return nil, err
	}
	id := resource.Text(v, "id")
	reserved, err := j.ReserveDevice(compute.Reservation{Volume: id, Device: text("device"), Bus: text("disk_bus"),
		Type: text("device_type"), Tag: text("tag")})
	if err != nil {
		return nil, err
	}
	device := reserved.(*versioned.Object)
	row, _ := device.Int("id")
	if err := c.Records.UpdateDevice(j.Ctx, row, records.Row{"delete_on_termination": remove != nil && remove != false}); err != nil {
		return nil, err
	}
	if err := c.reserve(m, j, row, v, shareable); err != nil {
		return nil, errors.Join(err, c.Records.RemoveDevice(j.Ctx, row))
	}
	if _, err = j.Step("compute_attach_volume", "", "attach_volume", func() (any, error) { return nil, j.AttachVolume(id) }); err != nil {
		// The host has recorded its failure. The client receives the name of the device all the same,
		// because nova-conductor does not wait for the host.
		if err := j.Abandon(id); err != nil {
			return nil, err
		}
	}
	return device.Text("device_name"), nil
}

// reserve reserves a volume in Cinder for a block device, and records the action.
func (c *Conductor) reserve(m *message, j *compute.Job, device int64, v resource.Doc, shareable bool) error {
	if resource.Bool(v, "multiattach") && !shareable {
		return compute.Failed("MultiattachNotSupportedOldMicroversion",
			"Multiattach volumes are only supported starting with compute API version 2.60.")
	}
	if err := j.Reserve(device, resource.Text(v, "id")); err != nil {
		return err
	}
	now := clock.Now(j.Ctx).UTC()
	return cell.StartAction(j.Ctx, c.Records.Cell1, &objects.Action{Action: "attach_volume", InstanceUUID: j.Server.UUID,
		RequestID: &m.Caller.RequestID, UserID: &m.Caller.UserID, ProjectID: &m.Caller.ProjectID, StartTime: &now})
}
