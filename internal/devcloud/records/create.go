package records

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/reqctx"
	"github.com/nova-go/nova/internal/versioned"
)

// New is a server that the conductor inserts into a cell.
type New struct {
	Instance *versioned.Object
	Devices  []*versioned.Object
	Tags     []*versioned.Object
	Caller   *reqctx.Caller
	Set      Row // overrides columns of Instance
}

// columns are the fields of the object Instance that are columns of its row.
var columns = []string{"user_id", "project_id", "image_ref", "kernel_id", "ramdisk_id", "launch_index", "key_name", "key_data",
	"power_state", "vm_state", "task_state",
	"memory_mb", "vcpus", "hostname", "user_data", "reservation_id", "display_name", "display_description", "availability_zone", "locked",
	"locked_by", "os_type",
	"instance_type_id", "vm_mode", "uuid", "architecture", "root_device_name", "access_ip_v4", "access_ip_v6", "config_drive", "progress",
	"auto_disk_config",
	"shutdown_terminate", "root_gb", "ephemeral_gb", "ephemeral_key_uuid"}

// Create inserts a server into a cell, with the action "create".
func (r *Records) Create(ctx context.Context, c *db.Cell, n New) error {
	d, now := n.Instance.Data, db.Now(ctx)
	flavor, err := n.Instance.Object("flavor").Flavor()
	if err != nil {
		return err
	}
	server := n.Instance.Text("uuid")
	row := Row{"created_at": parseTime(ctx, d["created_at"]), "disable_terminate": false, "cleaned": 0, "hidden": false, "deleted": 0}
	for _, column := range columns {
		row[column] = d[column]
	}
	maps.Copy(row, n.Set)
	base := func(more Row) Row {
		more["created_at"], more["deleted"] = now, 0
		more["instance_uuid"] = server
		return more
	}
	extra := base(Row{"flavor": Column(flavors(flavor, nil, nil)), "pci_requests": pciRequests(n.Instance.Object("pci_requests")),
		"keypairs": n.Instance.Object("keypairs").Copy().Clean(), "numa_topology": n.Instance.Object("numa_topology"),
		"trusted_certs": n.Instance.Object("trusted_certs").Copy().Clean()})
	err = c.DB.InTx(ctx, func(tx bun.Tx) error {
		put := func(table string, row Row) error {
			_, err := insert(ctx, c.DB, tx, table, row)
			return err
		}
		for _, one := range []struct {
			table string
			row   Row
		}{{"instances", row}, {"instance_extra", extra}, {"instance_info_caches", base(Row{"network_info": "[]"})},
			{"instance_id_mappings", Row{"uuid": server, "created_at": now, "deleted": 0}},
			{"instance_actions", base(Row{"action": "create", "request_id": n.Caller.RequestID, "user_id": n.Caller.UserID,
				"project_id": n.Caller.ProjectID, "start_time": now})}} {
			if err := put(one.table, one.row); err != nil {
				return err
			}
		}
		pairs := map[string][]Row{}
		for table, field := range map[string]string{"instance_metadata": "metadata", "instance_system_metadata": "system_metadata"} {
			values, _ := d[field].(map[string]any)
			for _, key := range slices.Sorted(maps.Keys(values)) {
				pairs[table] = append(pairs[table], base(Row{"key": key, "value": values[key]}))
			}
		}
		if len(n.Caller.Roles) > 0 {
			pairs["instance_system_metadata"] = append(pairs["instance_system_metadata"],
				base(Row{"key": "boot_roles", "value": strings.Join(n.Caller.Roles, ",")}))
		}
		for _, t := range n.Tags {
			pairs["tags"] = append(pairs["tags"], Row{"resource_id": server, "tag": t.Data["tag"]})
		}
		for table, rows := range pairs {
			if err := insertAll(ctx, tx, table, rows); err != nil {
				return err
			}
		}
		for _, device := range n.Devices {
			if err := put("block_device_mapping", base(deviceRow(device))); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		r.changed(ctx, c, server, row)
	}
	return err
}

// FailCreate adds a failed event on a host to the action "create" of a server in a cell.
func (r *Records) FailCreate(ctx context.Context, c *db.Cell, server, event, host, details string) error {
	return c.DB.InTx(ctx, func(tx bun.Tx) error {
		var action int64
		if err := db.One(ctx, tx, []any{&action}, "SELECT MAX(id) FROM instance_actions WHERE instance_uuid = ?", server); err != nil {
			return err
		}
		if _, err := update(ctx, tx, "instance_actions", Row{"message": "Error"}, "id = ?", action); err != nil {
			return err
		}
		now := db.Now(ctx)
		_, err := insert(ctx, c.DB, tx, "instance_actions_events", Row{"created_at": now, "updated_at": now, "event": event,
			"action_id": action, "start_time": now, "finish_time": now, "host": host, "result": "Error", "details": details,
			"traceback": traceback(details), "deleted": 0})
		return err
	})
}

// deviceColumns are the fields of a BlockDeviceMapping that are columns of its row.
var deviceColumns = []string{"device_name", "delete_on_termination", "snapshot_id", "volume_id", "volume_size", "no_device",
	"connection_info", "source_type",
	"destination_type", "guest_format", "device_type", "disk_bus", "boot_index", "image_id", "tag", "attachment_id", "volume_type",
	"encrypted",
	"encryption_secret_uuid", "encryption_format", "encryption_options"}

func deviceRow(v *versioned.Object) Row {
	row := Row{}
	for _, column := range deviceColumns {
		if value, ok := v.Data[column]; ok {
			row[column] = value
		}
	}
	if row["uuid"] = v.Text("uuid"); row["uuid"] == "" {
		row["uuid"] = uuid.NewString()
	}
	return row
}

// pciRequests returns the value of the column pci_requests.
func pciRequests(v *versioned.Object) string {
	list := []any{}
	for _, q := range v.Objects("requests") {
		one := map[string]any{"numa_policy": nil, "requester_id": nil, "alias_name": nil}
		for _, field := range slices.Sorted(func(yield func(string) bool) {
			for k := range q.Data {
				if !yield(k) {
					return
				}
			}
		}) {
			one[field] = q.Data[field]
		}
		list = append(list, one)
	}
	return Column(list)
}

// Place maps a server to a cell and deletes its build request. It returns false if there is no
// build request, because the server was deleted.
func (r *Records) Place(ctx context.Context, c *db.Cell, server string) (bool, error) {
	var n int64
	err := r.API.InTx(ctx, func(tx bun.Tx) error {
		if _, err := update(ctx, tx, "instance_mappings", Row{"cell_id": c.ID}, "instance_uuid = ?", server); err != nil {
			return err
		}
		var err error
		n, err = db.Exec(ctx, tx, "DELETE FROM build_requests WHERE instance_uuid = ?", server)
		return err
	})
	return n > 0, err
}
