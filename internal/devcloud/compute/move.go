package compute

import (
	"cmp"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/objects"
)

// flavorResources returns the amounts of Placement's resource classes that a server with a flavor
// needs.
func flavorResources(f *objects.Flavor, onVolume bool) map[string]int64 {
	root := f.RootGB
	if onVolume {
		root = 0
	}
	return map[string]int64{"VCPU": f.VCPUs, "MEMORY_MB": f.MemoryMB, "DISK_GB": root + f.EphemeralGB + (f.Swap+1023)/1024}
}

// Claim allocates the resources of a flavor on a host to a server. It returns false if the host
// has too few.
func (f *Fleet) Claim(s *records.State, h records.Host, flavor *objects.Flavor, onVolume bool) (bool, error) {
	return f.Placement.Claim(s.UUID, h.UUID, s.ProjectID, s.UserID, flavorResources(flavor, onVolume))
}

// setFlavorColumns sets the columns of a server that depend on its flavor.
func setFlavorColumns(f *objects.Flavor, row records.Row) records.Row {
	row["memory_mb"], row["vcpus"], row["root_gb"], row["ephemeral_gb"], row["instance_type_id"] = f.MemoryMB, f.VCPUs, f.RootGB,
		f.EphemeralGB, f.ID
	return row
}

// recordStep runs a step of a move and records it as an event of host.
func (j *Job) recordStep(host, name string, run func() error) error {
	on := *j
	on.Host = host
	_, err := on.Step("compute_"+name, "error", name, func() (any, error) { return nil, run() })
	return err
}

// Resize moves a server to a host and changes its flavor, or keeps it for a cold migration. The
// server then waits for confirmation. The migration m exists already, and its resources are
// claimed.
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
			if _, err := j.Records.Update(j.Ctx, s.UUID, records.Row{"task_state": "resize_finish"}); err != nil {
				return err
			}
			on := *j
			on.Host = to.Name
			if err := on.reconnect(); err != nil {
				return err
			}
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
			_, err := j.Records.Update(j.Ctx, s.UUID, setFlavorColumns(flavor, done(records.Row{"vm_state": "resized", "power_state": power,
				"host": to.Name, "node": to.Name, "compute_id": to.ID, "launched_at": db.Now(j.Ctx), "availability_zone": j.Zone(j.Ctx, to.Name)})))
			return err
		}},
	}
	for _, step := range steps {
		if err := j.recordStep(step.host, step.name, step.run); err != nil {
			return err
		}
	}
	if err := j.Records.Usage(j.Ctx, from); err != nil {
		return err
	}
	return j.Records.Usage(j.Ctx, to.Name)
}

// migration returns the migration of the message from the database.
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

// Confirm releases the resources on the source host of a resized server.
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

// revert moves a resized server back.
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
	return nil, j.recordStep(m.Source, "finish_revert_resize", func() error { return j.restore(m) })
}

// restore gives a server the flavor, the VM state and the host from before a resize.
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
	on := *j
	on.Host = m.Source
	if err := on.reconnect(); err != nil {
		return err
	}
	if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "reverted"}); err != nil {
		return err
	}
	row := setFlavorColumns(old, done(records.Row{"vm_state": vm, "power_state": power, "host": m.Source, "node": m.Source,
		"launched_at":       db.Now(j.Ctx),
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

// LiveMigrate moves a running server to a host. The migration can be forced to complete, or
// aborted.
func (j *Job) LiveMigrate(m *records.Migration, to records.Host) error {
	from := j.Server.Host
	for _, step := range []struct{ host, name string }{{to.Name, "check_can_live_migrate_destination"},
		{from, "check_can_live_migrate_source"}, {to.Name, "pre_live_migration"}} {
		if err := j.recordStep(step.host, step.name, func() error { return nil }); err != nil {
			return err
		}
	}
	if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "running", "dest_compute": to.Name,
		"dest_node": to.Name, "source_node": from}); err != nil {
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

// transfer waits for the duration of a live migration. how says how the migration was ended
// early; "": it was not.
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
		select {
		case how = <-end:
		case <-j.Ctx.Done():
			err = j.Ctx.Err()
		}
	case takes > 0:
		select {
		case how = <-end:
		case <-time.After(takes):
		case <-j.Ctx.Done():
			err = j.Ctx.Err()
		}
	}
	return how, err
}

// cancel leaves a server on its host.
func (j *Job) cancel(m *records.Migration) error {
	if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "cancelled"}); err != nil {
		return err
	}
	if err := j.Placement.Hand(m.UUID, j.Server.UUID); err != nil {
		return err
	}
	return j.set(done(records.Row{}))
}

// arrive completes a live migration, as an event of the source host.
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
	if err := j.recordStep(to.Name, "post_live_migration_at_destination", func() error {
		there := *j
		there.Host = to.Name
		return there.reconnect()
	}); err != nil {
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
	err = on.set(done(records.Row{"host": to.Name, "node": to.Name, "compute_id": to.ID, "progress": 0,
		"availability_zone": j.Zone(j.Ctx, to.Name)}))
	if err != nil {
		return err
	}
	if err := j.Records.Finish(j.Ctx, e, false, ""); err != nil {
		return err
	}
	return j.Records.Usage(j.Ctx, to.Name)
}

// endMigration ends a live migration early.
func (j *Job) endMigration(how string) {
	j.mu.Lock()
	end := j.running[j.Server.UUID]
	j.mu.Unlock()
	if end != nil {
		select {
		case end <- how:
		default:
		}
	}
}
