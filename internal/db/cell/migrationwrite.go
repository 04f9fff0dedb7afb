package cell

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// SetMigrationStatus writes the status of a migration and sets it and the time in m.
func SetMigrationStatus(ctx context.Context, c *db.Cell, m *objects.Migration, status string) error {
	at := db.Now(ctx)
	_, err := db.Exec(ctx, c.DB, "UPDATE migrations SET status = ?, updated_at = ? WHERE id = ? AND deleted = 0", status, at, m.ID)
	if err == nil {
		m.Status, m.UpdatedAt = &status, &at
	}
	return err
}

// CreateEvacuation inserts the migration of a server that is evacuated from a host that is down.
// By this row the host deletes its copy of the server when it is up again.
func CreateEvacuation(ctx context.Context, c *db.Cell, m *objects.Migration) error {
	now := db.Now(ctx)
	id, err := c.DB.Insert(ctx, c.DB, `INSERT INTO migrations (created_at, uuid, instance_uuid, source_compute, source_node, dest_compute,
		status, migration_type,
		user_id, project_id, hidden, cross_cell_move, deleted) VALUES (?, ?, ?, ?, ?, ?, 'accepted', 'evacuation', ?, ?, ?, ?, 0)`,
		now, m.UUID, m.InstanceUUID, m.SourceCompute, m.SourceNode, m.DestCompute, m.UserID, m.ProjectID, false, false)
	m.ID, m.CreatedAt = id, &now
	return err
}
