package conductor

import (
	"time"

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
	if resource.Bool(v, "multiattach") && !shareable {
		if err := c.Records.RemoveDevice(j.Ctx, row); err != nil {
			return nil, err
		}
		return nil, compute.Failed("MultiattachNotSupportedOldMicroversion",
			"Multiattach volumes are only supported starting with compute API version 2.60.")
	}
	now := time.Now().UTC()
	if err := cell.StartAction(j.Ctx, c.Records.Cell1, &objects.Action{Action: "attach_volume", InstanceUUID: j.Server.UUID,
		RequestID: &m.Caller.RequestID, UserID: &m.Caller.UserID, ProjectID: &m.Caller.ProjectID, StartTime: &now}); err != nil {
		return nil, err
	}
	_, err = j.Step("compute_attach_volume", "", "attach_volume", func() (any, error) { return nil, j.AttachVolume(id) })
	return device.Text("device_name"), err
}
