package compute

import (
	"cmp"
	"time"

	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/objects"
)

// claims are what a server of a flavor holds of its host.
func claims(f *objects.Flavor, onVolume bool) map[string]int64 {
	root := f.RootGB
	if onVolume {
		root = 0
	}
	return map[string]int64{"VCPU": f.VCPUs, "MEMORY_MB": f.MemoryMB, "DISK_GB": root + f.EphemeralGB + (f.Swap+1023)/1024}
}

// Claim lets a server hold what a flavor needs of a host; false: there is no room.
func (f *Fleet) Claim(s *records.State, h records.Host, flavor *objects.Flavor, onVolume bool) (bool, error) {
	return f.Placement.Claim(s.UUID, h.UUID, s.ProjectID, s.UserID, claims(flavor, onVolume))
}

// flavored are the columns of a server that a flavor fills.
func flavored(f *objects.Flavor, row records.Row) records.Row {
	row["memory_mb"], row["vcpus"], row["root_gb"], row["ephemeral_gb"], row["instance_type_id"] = f.MemoryMB, f.VCPUs, f.RootGB,
		f.EphemeralGB, f.ID
	return row
}

// sub does one of the steps of a move, each of which is recorded.
func (j *Job) sub(host, name string, run func() error) error {
	on := *j
	on.Host = host
	_, err := on.Step("compute_"+name, "error", name, func() (any, error) { return nil, run() })
	return err
}

// Resize moves a server that is off to a host, with a flavor that may be the one it
// has; it waits to be confirmed there. m is written, and its resources are claimed.
func (j *Job) Resize(m *records.Migration, to records.Host, flavor *objects.Flavor) error {
	s := j.Server
	from := s.Host
	steps := []struct {
		host, name string
		run        func() error
	}{
		{to.Name, "prep_resize", func() error {
			if err := j.Records.SetSystem(j.Ctx, s.UUID, map[string]string{"old_vm_state": s.VM}); err != nil {
				return err
			}
			return j.Records.SetMigration(j.Ctx, m.ID, records.Row{"dest_compute": to.Name, "dest_node": to.Name, "dest_compute_id": to.ID,
				"dest_host": "127.0.0.1", "status": "pre-migrating"})
		}},
		{from, "resize_instance", func() error {
			if _, err := j.Records.Update(j.Ctx, s.UUID, records.Row{"task_state": "resize_migrating"}); err != nil {
				return err
			}
			if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "migrating"}); err != nil {
				return err
			}
			if err := j.Network.Move(s.UUID, to.Name); err != nil {
				return err
			}
			if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "post-migrating"}); err != nil {
				return err
			}
			_, err := j.Records.Update(j.Ctx, s.UUID, records.Row{"task_state": "resize_migrated"})
			return err
		}},
		{to.Name, "finish_resize", func() error {
			if err := j.Records.SetFlavors(j.Ctx, s.UUID, flavor, s.Flavor, flavor); err != nil {
				return err
			}
			if err := j.refresh(j.Ctx, s.UUID); err != nil {
				return err
			}
			if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "finished"}); err != nil {
				return err
			}
			power := s.Power
			if s.VM == "stopped" {
				power = shutdown
			}
			_, err := j.Records.Update(j.Ctx, s.UUID, flavored(flavor, done(records.Row{"vm_state": "resized", "power_state": power,
				"host": to.Name, "node": to.Name, "compute_id": to.ID, "launched_at": now(), "availability_zone": j.Zone(j.Ctx, to.Name)})))
			return err
		}},
	}
	for _, step := range steps {
		if err := j.sub(step.host, step.name, step.run); err != nil {
			return err
		}
	}
	if err := j.Records.Usage(j.Ctx, from); err != nil {
		return err
	}
	return j.Records.Usage(j.Ctx, to.Name)
}

// migration is that of the message, as it is now.
func (j *Job) migration() (*records.Migration, error) {
	id, _ := j.object("migration").Int("id")
	m, err := j.Records.Migration(j.Ctx, id, j.Server.UUID, "finished", "confirming", "reverting")
	if err == nil && m == nil {
		err = Failed("MigrationNotFound", "Migration %d could not be found.", id)
	}
	return m, err
}

func (j *Job) confirm() (any, error) {
	m, err := j.migration()
	if err != nil {
		return nil, err
	}
	return nil, j.Confirm(m)
}

// Confirm gives up what a resized server has kept where it came from.
func (j *Job) Confirm(m *records.Migration) error {
	s := j.Server
	if err := j.Placement.Release(m.UUID); err != nil {
		return err
	}
	if err := j.Records.SetFlavors(j.Ctx, s.UUID, s.Flavor, nil, nil); err != nil {
		return err
	}
	if err := j.Records.SetSystem(j.Ctx, s.UUID, map[string]string{"old_vm_state": ""}); err != nil {
		return err
	}
	if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "confirmed"}); err != nil {
		return err
	}
	vm := "active"
	if s.Power == shutdown {
		vm = "stopped"
	}
	row := records.Row{"vm_state": vm}
	if s.Task != "deleting" && s.Task != "soft-deleting" {
		row = done(row)
	}
	return j.set(row)
}

// revert brings a resized server back.
func (j *Job) revert() (any, error) {
	m, err := j.migration()
	if err != nil {
		return nil, err
	}
	if err := j.Network.Move(j.Server.UUID, m.Source); err != nil {
		return nil, err
	}
	if err := j.Placement.Hand(m.UUID, j.Server.UUID); err != nil {
		return nil, err
	}
	return nil, j.sub(m.Source, "finish_revert_resize", func() error { return j.restore(m) })
}

// restore gives a server the flavor, the state and the host from before a resize.
func (j *Job) restore(m *records.Migration) error {
	s := j.Server
	old := s.OldFlavor
	if old == nil {
		old = s.Flavor
	}
	if err := j.Records.SetFlavors(j.Ctx, s.UUID, old, nil, nil); err != nil {
		return err
	}
	vm, power := cmp.Or(s.System["old_vm_state"], "active"), running
	if vm == "stopped" {
		power = shutdown
	}
	if err := j.Records.SetSystem(j.Ctx, s.UUID, map[string]string{"old_vm_state": ""}); err != nil {
		return err
	}
	if err := j.refresh(j.Ctx, s.UUID); err != nil {
		return err
	}
	if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "reverted"}); err != nil {
		return err
	}
	row := flavored(old, done(records.Row{"vm_state": vm, "power_state": power, "host": m.Source, "node": m.Source, "launched_at": now(),
		"availability_zone": j.Zone(j.Ctx, m.Source)}))
	hosts, err := j.Records.Hosts(j.Ctx)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if h.Name == m.Source {
			row["compute_id"] = h.ID
		}
	}
	if _, err := j.Records.Update(j.Ctx, s.UUID, row); err != nil {
		return err
	}
	if err := j.Records.Usage(j.Ctx, m.Source); err != nil {
		return err
	}
	return j.Records.Usage(j.Ctx, m.Dest)
}

// LiveMigrate moves a running server to a host. It can be ended before its time:
// by completing it at once, or by an abort.
func (j *Job) LiveMigrate(m *records.Migration, to records.Host) error {
	from := j.Server.Host
	for _, step := range []struct{ host, name string }{{to.Name, "check_can_live_migrate_destination"}, {from,
		"check_can_live_migrate_source"}, {to.Name, "pre_live_migration"}} {
		if err := j.sub(step.host, step.name, func() error { return nil }); err != nil {
			return err
		}
	}
	if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "running", "dest_compute": to.Name,
		"dest_node": to.Name}); err != nil {
		return err
	}
	how, err := j.transfer(from)
	if err != nil {
		return err
	}
	if how == "abort" {
		return j.cancel(m)
	}
	return j.arrive(m, from, to)
}

// transfer takes the time of a live migration, and answers how it has been ended before;
// "": it has not.
func (j *Job) transfer(from string) (how string, err error) {
	s := j.Server
	end := make(chan string, 1)
	j.mu.Lock()
	j.running[s.UUID] = end
	j.mu.Unlock()
	defer func() {
		j.mu.Lock()
		delete(j.running, s.UUID)
		j.mu.Unlock()
	}()
	takes, hangs, err := j.Plan.Step(s.UUID, from, "live_migration", s.Metadata)
	switch {
	case err != nil:
	case hangs:
		how = <-end
	case takes > 0:
		select {
		case how = <-end:
		case <-time.After(takes):
		}
	}
	return how, err
}

// cancel leaves a server where it is.
func (j *Job) cancel(m *records.Migration) error {
	if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "cancelled"}); err != nil {
		return err
	}
	if err := j.Placement.Hand(m.UUID, j.Server.UUID); err != nil {
		return err
	}
	return j.set(done(records.Row{}))
}

// arrive completes a live migration, as an event of the host that the server leaves.
func (j *Job) arrive(m *records.Migration, from string, to records.Host) error {
	s := j.Server
	e, err := j.Records.Begin(j.Ctx, s.UUID, j.Caller.RequestID, "compute_live_migration", from)
	if err != nil {
		return err
	}
	if err := j.Network.Move(s.UUID, to.Name); err != nil {
		return err
	}
	if err := j.refresh(j.Ctx, s.UUID); err != nil {
		return err
	}
	if err := j.Placement.Release(m.UUID); err != nil {
		return err
	}
	if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "completed"}); err != nil {
		return err
	}
	on := *j
	on.Host = from
	err = on.set(done(records.Row{"host": to.Name, "node": to.Name, "compute_id": to.ID, "progress": 0, "availability_zone": j.Zone(j.Ctx,
		to.Name)}))
	if err != nil {
		return err
	}
	if err := j.Records.Finish(j.Ctx, e, nil); err != nil {
		return err
	}
	return j.Records.Usage(j.Ctx, to.Name)
}

// endMigration ends a live migration that takes its time.
func (j *Job) endMigration(how string) error {
	j.mu.Lock()
	end := j.running[j.Server.UUID]
	j.mu.Unlock()
	if end != nil {
		select {
		case end <- how:
		default:
		}
	}
	return nil
}
