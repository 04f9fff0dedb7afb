package compute

import "github.com/nova-go/nova/internal/devcloud/records"

// Rebuild has the arguments of a rebuild on the same host, or of an evacuation from a host that
// is down.
type Rebuild struct {
	Host     records.Host
	Evacuate bool
	Target   string // VM state after the rebuild; "": the current one
}

// Rebuild rebuilds or evacuates the server.
func (j *Job) Rebuild(r Rebuild) error {
	s := j.Server
	return j.recordStep(r.Host.Name, "rebuild_instance", func() error {
		vm, power := s.VM, int64(running)
		if r.Target != "" {
			vm = r.Target
		}
		if vm == "stopped" {
			power = shutdown
		} else {
			vm = "active"
		}
		row := done(records.Row{"vm_state": vm, "power_state": power, "launched_at": now()})
		if r.Evacuate {
			if err := j.Network.Move(s.UUID, r.Host.Name); err != nil {
				return err
			}
			if err := j.refresh(j.Ctx, s.UUID); err != nil {
				return err
			}
			m, err := j.Records.Migration(j.Ctx, 0, s.UUID, "accepted", "pre-migrating")
			if err != nil {
				return err
			}
			if m != nil {
				if err := j.Records.SetMigration(j.Ctx, m.ID, records.Row{"status": "done", "dest_compute": r.Host.Name, "dest_node": r.Host.Name,
					"dest_host": "127.0.0.1"}); err != nil {
					return err
				}
			}
			row["host"], row["node"], row["compute_id"], row["availability_zone"] = r.Host.Name, r.Host.Name, r.Host.ID, j.Zone(j.Ctx, r.Host.Name)
		}
		if _, err := j.Records.Update(j.Ctx, s.UUID, row); err != nil {
			return err
		}
		if err := j.Records.Usage(j.Ctx, s.Host); err != nil {
			return err
		}
		return j.Records.Usage(j.Ctx, r.Host.Name)
	})
}
