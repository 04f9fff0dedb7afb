package records

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// Listed is a server on the cloud's web page.
type Listed struct {
	ID      string `json:"id" doc:"the UUID" schema:"required"`
	Name    string `json:"name" doc:"the name" schema:"required"`
	Status  string `json:"status" doc:"the status as in Nova's API: ACTIVE, SHUTOFF, ERROR, ..." schema:"required"`
	Task    string `json:"task_state,omitempty" doc:"the task that is under way"`
	Power   string `json:"power_state" doc:"running, paused, off, crashed, suspended, or empty" schema:"required"`
	Host    string `json:"host,omitempty" doc:"the host that the server is on"`
	Flavor  string `json:"flavor" doc:"the name of the flavor" schema:"required"`
	Project string `json:"project" doc:"the name of the project, or its id if it does not exist any more" schema:"required"`
}

var powers = map[int64]string{0: "", 1: "running", 3: "paused", 4: "off", 6: "crashed", 7: "suspended"}

// List returns the servers of all cells, the newest first.
func (r *Records) List(ctx context.Context) ([]*Listed, error) {
	var list []*Listed
	for _, c := range []*db.Cell{r.Cell0, r.Cell1} {
		err := c.DB.Each(ctx, func(rows *sql.Rows) error {
			l := &Listed{}
			var name, vm, task, host, project, flavor sql.NullString
			var power sql.NullInt64
			if err := rows.Scan(&l.ID, &name, &vm, &task, &host, &project, &power, &flavor); err != nil {
				return err
			}
			l.Name, l.Task, l.Host, l.Project, l.Power = name.String, task.String, host.String, project.String, powers[power.Int64]
			l.Status = objects.Status(vm.String, task.String)
			if f, err := versioned.ParseInstanceFlavor([]byte(flavor.String)); err == nil && f != nil {
				l.Flavor = f.Name
			}
			list = append(list, l)
			return nil
		}, `SELECT i.uuid, i.display_name, i.vm_state, i.task_state, i.host, i.project_id, i.power_state, e.flavor
			FROM instances i LEFT JOIN instance_extra e ON e.instance_uuid = i.uuid WHERE i.deleted = 0 ORDER BY i.id DESC LIMIT 1000`)
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// The tables that Wipe empties, tables with foreign keys first.
var (
	ownOfCell = []string{"instance_actions_events", "instance_actions", "instance_faults", "instance_metadata", "instance_system_metadata",
		"instance_extra", "instance_info_caches", "share_mapping",
		"block_device_mapping", "virtual_interfaces", "migrations", "tags", "console_auth_tokens", "instance_id_mappings", "instances"}
	ownOfAPI = []string{"build_requests", "request_specs", "instance_mappings", "instance_group_member", "instance_group_policy",
		"instance_groups", "key_pairs",
		"aggregate_hosts", "aggregate_metadata", "aggregates", "quotas", "project_user_quotas", "quota_classes"}
)

// Wipe deletes all resources of users and administrators in Nova except flavors.
func (r *Records) Wipe(ctx context.Context) error {
	empty := func(d *db.DB, tables []string) error {
		return d.InTx(ctx, func(tx bun.Tx) error {
			for _, t := range tables {
				if _, err := db.Exec(ctx, tx, "DELETE FROM "+t); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, c := range []*db.Cell{r.Cell0, r.Cell1} {
		if err := empty(c.DB, ownOfCell); err != nil {
			return err
		}
	}
	if err := empty(r.API, ownOfAPI); err != nil {
		return err
	}
	if r.Observer != nil {
		r.Observer.Wiped()
	}
	nodes, err := r.Hosts(ctx)
	if err != nil {
		return err
	}
	for _, h := range nodes {
		if err := r.Usage(ctx, h.Name); err != nil {
			return err
		}
	}
	return nil
}
