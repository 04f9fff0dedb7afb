package cell

import (
	"context"
	"database/sql"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// MigrationRecord reads the migration of a server with one of these statuses, the
// first of which goes before the others, as a versioned object; or nil.
func MigrationRecord(ctx context.Context, c *db.Cell, server string, statuses ...string) (*objects.Versioned, error) {
	list, err := migrationRecords(ctx, c, "instance_uuid = ? AND status IN (?)", server, db.In(statuses))
	if err != nil {
		return nil, err
	}
	for _, status := range statuses {
		for _, m := range list {
			if m.Text("status") == status {
				return m, nil
			}
		}
	}
	return nil, nil
}

// MigrationRecords reads migrations by their row ids.
func MigrationRecords(ctx context.Context, c *db.Cell, ids []int64) ([]*objects.Versioned, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return migrationRecords(ctx, c, "id IN (?)", db.In(ids))
}

func migrationRecords(ctx context.Context, c *db.Cell, where string, args ...any) ([]*objects.Versioned, error) {
	var list []*objects.Versioned
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		var id int64
		var uuid, server, source, dest, sourceNode, destNode, destHost, status, kind, user, project *string
		var destID, oldType, newType, memory, memoryDone, memoryLeft, disk, diskDone, diskLeft *int64
		var hidden, crossCell sql.NullBool
		var created, updated *time.Time
		if err := r.Scan(&id, &uuid, &server, &source, &dest, &destID, &sourceNode, &destNode, &destHost, &status, &kind, &user, &project, &oldType, &newType,
			&memory, &memoryDone, &memoryLeft, &disk, &diskDone, &diskLeft, &hidden, &crossCell, db.Time{P: &created}, db.Time{P: &updated}); err != nil {
			return err
		}
		list = append(list, objects.NewVersioned("Migration", "1.8", map[string]any{"id": id, "uuid": uuid, "instance_uuid": server, "source_compute": source,
			"dest_compute": dest, "dest_compute_id": destID, "source_node": sourceNode, "dest_node": destNode, "dest_host": destHost, "status": status,
			"migration_type": kind, "user_id": user, "project_id": project, "old_instance_type_id": oldType, "new_instance_type_id": newType,
			"memory_total": memory, "memory_processed": memoryDone, "memory_remaining": memoryLeft, "disk_total": disk, "disk_processed": diskDone,
			"disk_remaining": diskLeft, "hidden": hidden.Bool, "cross_cell_move": crossCell.Bool, "created_at": created, "updated_at": updated,
			"deleted_at": nil, "deleted": false}))
		return nil
	}, `SELECT id, uuid, instance_uuid, source_compute, dest_compute, dest_compute_id, source_node, dest_node, dest_host, status, migration_type, user_id, project_id,
		old_instance_type_id, new_instance_type_id, memory_total, memory_processed, memory_remaining, disk_total, disk_processed, disk_remaining, hidden,
		cross_cell_move, created_at, updated_at FROM migrations WHERE deleted = 0 AND `+where+" ORDER BY id", args...)
	return list, err
}
