package conductor

import (
	"github.com/nova-go/nova/internal/devcloud/compute"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/rpc"
)

// Methods returns the names of the conductor's steps that a Plan can affect.
func Methods() []string {
	return []string{"conductor_migrate_server", "cold_migrate", "conductor_live_migrate_instance", "rebuild_server", "schedule_instances",
		"get_image_info", "unshelve_instance"}
}

// recordStep runs a step of an action and records it as an event of the conductor.
func recordStep(j *compute.Job, event string, run func() error) error {
	on := *j
	on.Host = serviceHost
	_, err := on.Step(event, "", event, func() (any, error) { return nil, run() })
	return err
}

// migrateServer resizes or migrates a server, or with the argument live migrates it live.
func (c *Conductor) migrateServer(m *message) (any, error) {
	var live bool
	if err := m.Arg("live", &live); err != nil {
		return nil, err
	}
	if live {
		return c.liveMigrate(m, "conductor_migrate_server")
	}
	j, done, err := c.job(m)
	if err != nil {
		return nil, err
	}
	defer done()
	var hint struct {
		Filter struct {
			Ignore []string `json:"ignore_hosts"`
		} `json:"filter_properties"`
	}
	if err := m.Arg("scheduler_hint", &hint); err != nil {
		return nil, err
	}
	spec := m.object("request_spec")
	flavor, err := m.object("flavor").Flavor()
	if err != nil {
		return nil, err
	}
	if flavor == nil {
		flavor = j.Server.Flavor
	}
	return nil, recordStep(j, "conductor_migrate_server", func() error {
		return recordStep(j, "cold_migrate", func() error {
			mig, to, err := c.startMigration(j, flavor, request{spec: spec, ignore: hint.Filter.Ignore, last: j.Server.Host})
			if rpc.IsRemote(err, objects.ClassNamed("NoValidHost")) {
				if flavor.ID == j.Server.Flavor.ID {
					return noValidHost("No valid host found for cold migrate")
				}
				return noValidHost("No valid host found for resize")
			}
			if err != nil {
				return err
			}
			return j.Resize(mig, to, flavor)
		})
	})
}

// startMigration inserts the migration of a server, transfers the server's allocations to the
// migration, and chooses the destination.
func (c *Conductor) startMigration(j *compute.Job, flavor *objects.Flavor, w request) (*records.Migration, records.Host, error) {
	s := j.Server
	kind, status := "migration", "pre-migrating"
	old, next := s.Flavor.ID, flavor.ID
	if old != next {
		kind = "resize"
	}
	mig, err := c.Records.AddMigration(j.Ctx, s, records.Migration{Source: s.Host, Kind: kind, Status: status},
		records.Row{"old_instance_type_id": old, "new_instance_type_id": next, "user_id": j.Caller.UserID, "project_id": j.Caller.ProjectID})
	if err != nil {
		return nil, records.Host{}, err
	}
	to, err := c.reach(j, mig, flavor, w)
	return mig, to, err
}

func (c *Conductor) reach(j *compute.Job, mig *records.Migration, flavor *objects.Flavor, w request) (records.Host, error) {
	s := j.Server
	if err := c.Placement.Hand(s.UUID, mig.UUID); err != nil {
		return records.Host{}, err
	}
	w.claim = func(h records.Host) (bool, error) { return c.Claim(s, h, flavor, w.spec.Bool("is_bfv")) }
	to, err := c.selectDestination(j.Ctx, w)
	if err == nil {
		return to, nil
	}
	if e := c.Placement.Hand(mig.UUID, s.UUID); e != nil {
		return to, e
	}
	if e := c.Records.SetMigration(j.Ctx, mig.ID, records.Row{"status": "error"}); e != nil {
		return to, e
	}
	return to, err
}

// liveMigrate migrates a server live. event is the event of the conductor.
func (c *Conductor) liveMigrate(m *message, event string) (any, error) {
	j, done, err := c.job(m)
	if err != nil {
		return nil, err
	}
	defer done()
	var hint struct {
		Host *string `json:"host"`
	}
	if err := m.Arg("scheduler_hint", &hint); err != nil {
		return nil, err
	}
	host := ""
	if hint.Host != nil {
		host = *hint.Host
	}
	s := j.Server
	kind := s.Flavor.ID
	return nil, recordStep(j, event, func() error {
		mig, err := c.Records.AddMigration(j.Ctx, s, records.Migration{Source: s.Host, Kind: "live-migration", Status: "accepted"},
			records.Row{"old_instance_type_id": kind, "new_instance_type_id": kind, "user_id": j.Caller.UserID, "project_id": j.Caller.ProjectID,
				"dest_compute": optional(host), "source_node": nil})
		if err != nil {
			return err
		}
		to, err := c.reach(j, mig, s.Flavor, request{spec: m.object("request_spec"), host: host, ignore: []string{s.Host}})
		if err != nil {
			return err
		}
		return j.LiveMigrate(mig, to)
	})
}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// rebuildInstance rebuilds a server on its host, or evacuates it to another one.
func (c *Conductor) rebuildInstance(m *message) (any, error) {
	j, done, err := c.job(m)
	if err != nil {
		return nil, err
	}
	defer done()
	var host, target, image *string
	r := compute.Rebuild{}
	for arg, to := range map[string]any{"recreate": &r.Evacuate, "host": &host, "target_state": &target, "image_ref": &image,
		"reimage_boot_volume": &r.Reimage} {
		if err := m.Arg(arg, to); err != nil {
			return nil, err
		}
	}
	r.Target, r.Image = objects.OrZero(target), objects.OrZero(image)
	s := j.Server
	return nil, recordStep(j, "rebuild_server", func() error {
		hosts, err := c.Records.Hosts(j.Ctx)
		if err != nil {
			return err
		}
		for _, h := range hosts {
			if h.Name == s.Host {
				r.Host = h
			}
		}
		if r.Evacuate {
			w := request{spec: m.object("request_spec"), ignore: []string{s.Host}}
			if host != nil {
				w.host = *host
			}
			w.claim = func(h records.Host) (bool, error) { return c.Claim(s, h, s.Flavor, w.spec.Bool("is_bfv")) }
			if r.Host, err = c.selectDestination(j.Ctx, w); err != nil {
				return err
			}
		}
		return j.Rebuild(r)
	})
}

func (c *Conductor) unshelveInstance(m *message) (any, error) {
	j, done, err := c.job(m)
	if err != nil {
		return nil, err
	}
	defer done()
	s := j.Server
	spec := m.object("request_spec")
	var to records.Host
	if s.VM == "shelved_offloaded" {
		if s.System["shelved_image_id"] != "" {
			if err := recordStep(j, "get_image_info", func() error { return nil }); err != nil {
				return nil, err
			}
		}
		err = recordStep(j, "schedule_instances", func() error {
			to, err = c.selectDestination(j.Ctx, request{spec: spec, claim: func(h records.Host) (bool, error) {
				return c.Claim(s, h, s.Flavor,
					spec.Bool("is_bfv"))
			}})
			return err
		})
		if err != nil {
			return nil, err
		}
	} else {
		hosts, err := c.Records.Hosts(j.Ctx)
		if err != nil {
			return nil, err
		}
		for _, h := range hosts {
			if h.Name == s.Host {
				to = h
			}
		}
	}
	j.Host = to.Name
	_, err = j.Step("compute_unshelve_instance", "", "unshelve_instance", func() (any, error) { return nil, j.Unshelve(to) })
	return nil, err
}

// attachVolume attaches a volume and returns the name of its device.
func (c *Conductor) attachVolume(m *message) (any, error) {
	j, done, err := c.job(m)
	if err != nil {
		return nil, err
	}
	defer done()
	return c.attach(m, j)
}

// confirm_snapshot_based_resize and revert_snapshot_based_resize concern resizes between cells,
// which this cloud with one cell does not have.
func (c *Conductor) confirmSnapshotBasedResize(m *message) (any, error) {
	j, done, err := c.job(m)
	if err != nil {
		return nil, err
	}
	defer done()
	id, _ := m.object("migration").Int("id")
	mig, err := c.Records.Migration(j.Ctx, id, j.Server.UUID)
	if err != nil || mig == nil {
		return nil, err
	}
	return nil, j.Confirm(mig)
}
