package compute

import (
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/objects"
)

// Rebuild has the arguments of a rebuild on the same host, or of an evacuation from a host that
// is down.
type Rebuild struct {
	Host     records.Host
	Evacuate bool
	Target   string // VM state after an evacuation; "": the current one
	Image    string // the new image
	Reimage  bool   // the root volume gets the new image
}

// Rebuild rebuilds or evacuates the server.
func (j *Job) Rebuild(r Rebuild) error {
	on := *j
	on.Host = r.Host.Name
	_, err := on.Step("compute_rebuild_instance", "error", "rebuild_instance", func() (any, error) { return nil, on.rebuild(r) })
	return err
}

func (j *Job) rebuild(r Rebuild) error {
	s := j.Server
	stopped := s.VM == "stopped"
	if r.Target != "" && s.VM != "error" {
		stopped = r.Target == "stopped"
	}
	row := records.Row{}
	if r.Evacuate {
		if err := j.evacuate(r); err != nil {
			return err
		}
		row = records.Row{"host": r.Host.Name, "node": r.Host.Name, "compute_id": r.Host.ID, "availability_zone": j.Zone(j.Ctx, r.Host.Name)}
	}
	if err := j.disconnect(); err != nil {
		return err
	}
	if r.Reimage {
		if err := j.reimage(r.Image); err != nil {
			return err
		}
	}
	if err := j.connect(); err != nil {
		return err
	}
	row["vm_state"], row["power_state"], row["launched_at"] = "active", running, db.Now(j.Ctx)
	for _, step := range []records.Row{{"task_state": "rebuild_block_device_mapping"}, {"task_state": "rebuild_spawning"}, done(row)} {
		if _, err := j.Records.Update(j.Ctx, s.UUID, step); err != nil {
			return err
		}
	}
	if stopped {
		if err := j.stopAgain(); err != nil {
			return err
		}
	}
	if err := j.Records.Usage(j.Ctx, s.Host); err != nil {
		return err
	}
	return j.Records.Usage(j.Ctx, r.Host.Name)
}

// evacuate moves the ports of a server to the new host and ends its migration.
func (j *Job) evacuate(r Rebuild) error {
	s := j.Server
	if err := j.Network.Move(s.UUID, r.Host.Name); err != nil {
		return err
	}
	if err := j.refresh(j.Ctx, s.UUID); err != nil {
		return err
	}
	m, err := j.Records.Migration(j.Ctx, 0, s.UUID, "accepted", "pre-migrating")
	if err != nil || m == nil {
		return err
	}
	return j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "done", "dest_compute": r.Host.Name, "dest_node": r.Host.Name,
		"dest_host": "127.0.0.1"})
}

// stopAgain stops a rebuilt server that was stopped before, as an event of the same action.
func (j *Job) stopAgain() error {
	if _, err := j.Records.Update(j.Ctx, j.Server.UUID, records.Row{"task_state": "powering-off"}); err != nil {
		return err
	}
	_, err := j.record("compute_stop_instance", "", "stop_instance", func() (any, error) {
		return nil, j.set(done(records.Row{"vm_state": "stopped", "power_state": shutdown}))
	})
	return err
}

// disconnect replaces the attachments of a server's volumes by attachments without a host, which
// reserve the volumes.
func (j *Job) disconnect() error {
	return j.eachVolume(func(d *records.Device) error {
		a, err := j.Volumes.Attach(*d.VolumeID, j.Server.UUID, j.Server.ProjectID)
		if err != nil {
			return volumeError(err, *d.VolumeID)
		}
		if err := j.Volumes.Detach(objects.OrZero(d.AttachmentID)); err != nil {
			return err
		}
		return j.Records.UpdateDevice(j.Ctx, d.ID, records.Row{"attachment_id": a["id"]})
	})
}

// connect connects the attachments of a server's volumes to its host.
func (j *Job) connect() error {
	return j.eachVolume(func(d *records.Device) error {
		if objects.OrZero(d.Name) == "" {
			list, err := j.Records.Devices(j.Ctx, j.Server.UUID)
			if err != nil {
				return err
			}
			if err := nameDevice(d, usedNames(j.Server.RootDevice, list), j.Server.RootDevice); err != nil {
				return err
			}
		}
		set := records.Row{"device_name": d.Name}
		if err := j.volume(d, set); err != nil {
			return err
		}
		return j.Records.UpdateDevice(j.Ctx, d.ID, set)
	})
}

// reconnect moves the attachments of a server's volumes to its host.
func (j *Job) reconnect() error {
	if err := j.disconnect(); err != nil {
		return err
	}
	return j.connect()
}

// reimage replaces the image of the root volume, which is reserved.
func (j *Job) reimage(image string) error {
	return j.eachVolume(func(d *records.Device) error {
		if d.BootIndex == nil || *d.BootIndex != 0 {
			return nil
		}
		if err := j.Volumes.Reimage(*d.VolumeID, image, true); err != nil {
			return Failed("BuildAbortException", "Build of instance %s aborted: Failed to rebuild volume backed instance.", j.Server.UUID)
		}
		return nil
	})
}

func (j *Job) eachVolume(f func(*records.Device) error) error {
	list, err := j.Records.Devices(j.Ctx, j.Server.UUID)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Destination == "volume" && d.VolumeID != nil {
			if err := f(d); err != nil {
				return err
			}
		}
	}
	return nil
}
