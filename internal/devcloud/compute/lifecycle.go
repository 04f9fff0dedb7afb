package compute

import (
	"errors"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud/records"
)

func (j *Job) start() (any, error) {
	if err := j.setShares(shareActive); err != nil {
		return nil, err
	}
	return nil, j.set(done(records.Row{"vm_state": "active", "power_state": running}))
}

func (j *Job) stop() (any, error) {
	if err := j.setShares(shareInactive); err != nil {
		return nil, err
	}
	return nil, j.set(done(records.Row{"vm_state": "stopped", "power_state": shutdown}))
}

// rescue starts a server from another image. Nova's fake driver stops the server and does not
// start it again.
func (j *Job) rescue() (any, error) {
	return nil, j.set(done(records.Row{"vm_state": "rescued", "power_state": shutdown, "launched_at": db.Now(j.Ctx)}))
}

// reboot restarts a server. A rescued server remains rescued.
func (j *Job) reboot() (any, error) {
	vm, suffix := "active", ""
	if j.Server.VM == "rescued" {
		vm = "rescued"
	}
	if j.text("reboot_type") == "HARD" {
		suffix = "_hard"
	}
	if err := j.setShares(shareActive); err != nil {
		return nil, err
	}
	return nil, j.Records.Together(j.Ctx, func(r *records.Records) error {
		for _, row := range []records.Row{{"task_state": "reboot_pending" + suffix}, {"task_state": "reboot_started" + suffix},
			done(records.Row{"vm_state": vm, "power_state": running})} {
			if _, err := r.Update(j.Ctx, j.Server.UUID, row); err != nil {
				return err
			}
		}
		return r.Usage(j.Ctx, j.Host)
	})
}

// task sets the task state of the server.
func (j *Job) task(state string) error {
	_, err := j.Records.Update(j.Ctx, j.Server.UUID, records.Row{"task_state": state})
	return err
}

func (j *Job) terminate() (any, error) { return nil, j.Terminate() }

// Terminate deletes a server and releases its resources.
func (j *Job) Terminate() error {
	if err := errors.Join(j.dropVolumes(), j.dropShares()); err != nil {
		return err
	}
	if err := j.Clean(); err != nil {
		return err
	}
	if err := j.Records.Destroy(j.Ctx, j.Server.UUID); err != nil {
		return err
	}
	return j.Records.Usage(j.Ctx, j.Host)
}

func (j *Job) snapshot() (any, error) {
	// A backup has no state between the request and the upload.
	if j.Server.Task == "image_snapshot_pending" {
		if err := j.task("image_snapshot"); err != nil {
			return nil, err
		}
	}
	if err := j.task("image_uploading"); err != nil {
		return nil, err
	}
	if err := j.Images.Snapshot(j.text("image_id"), "raw"); err != nil {
		j.Log.Info().Err(err).Msg("the image of a snapshot is gone")
	}
	return nil, j.set(done(records.Row{}))
}

func (j *Job) backup() (any, error) {
	if _, err := j.snapshot(); err != nil {
		return nil, err
	}
	var keep int
	j.arg("rotation", &keep)
	list := j.Images.Backups(j.Server.UUID, j.text("backup_type"))
	for len(list) > keep {
		if err := j.Images.Delete(list[0]); err != nil {
			return nil, err
		}
		list = list[1:]
	}
	return nil, nil
}

// shelve creates an image of a server and, if shelved_offload_time is 0 as by default in Nova,
// removes it from its host.
func (j *Job) shelve() (any, error) {
	image := j.text("image_id")
	if image != "" {
		if err := j.task("shelving_image_uploading"); err != nil {
			return nil, err
		}
		if err := j.Images.Snapshot(image, "raw"); err != nil {
			j.Log.Info().Err(err).Msg("the image of a shelved server is gone")
		}
	}
	if err := j.Records.SetSystem(j.Ctx, j.Server.UUID,
		map[string]string{"shelved_at": clock.Now(j.Ctx).UTC().Format("2006-01-02T15:04:05.000000"), "shelved_image_id": image,
			"shelved_host": j.Host}); err != nil {
		return nil, err
	}
	if err := j.set(records.Row{"vm_state": "shelved", "power_state": shutdown, "task_state": "shelving_offloading"}); err != nil {
		return nil, err
	}
	return j.offload()
}

func (j *Job) offload() (any, error) {
	if j.Server.System["shelved_at"] == "" && j.Server.VM != "shelved" {
		if err := j.Records.SetSystem(j.Ctx, j.Server.UUID,
			map[string]string{"shelved_at": clock.Now(j.Ctx).UTC().Format("2006-01-02T15:04:05.000000"), "shelved_host": j.Host}); err != nil {
			return nil, err
		}
	}
	if err := j.Network.Move(j.Server.UUID, ""); err != nil {
		return nil, err
	}
	if err := j.refresh(j.Ctx, j.Server.UUID); err != nil {
		return nil, err
	}
	if err := j.disconnect(); err != nil {
		return nil, err
	}
	if err := j.Placement.Release(j.Server.UUID); err != nil {
		return nil, err
	}
	return nil, j.set(done(withoutHost(records.Row{"vm_state": "shelved_offloaded", "power_state": shutdown})))
}

// Unshelve starts a shelved server on a host.
func (j *Job) Unshelve(h records.Host) error {
	if err := j.task("spawning"); err != nil {
		return err
	}
	if err := j.connect(); err != nil {
		return err
	}
	if err := j.Network.Move(j.Server.UUID, h.Name); err != nil {
		return err
	}
	if err := j.refresh(j.Ctx, j.Server.UUID); err != nil {
		return err
	}
	if image := j.Server.System["shelved_image_id"]; image != "" {
		if err := j.Images.Delete(image); err != nil {
			return err
		}
	}
	if err := j.Records.SetSystem(j.Ctx, j.Server.UUID, map[string]string{"shelved_at": "", "shelved_image_id": "",
		"shelved_host": ""}); err != nil {
		return err
	}
	return j.set(done(records.Row{"vm_state": "active", "power_state": running, "host": h.Name, "node": h.Name, "compute_id": h.ID,
		"launched_at": db.Now(j.Ctx), "availability_zone": j.Zone(j.Ctx, h.Name)}))
}
