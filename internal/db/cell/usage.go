package cell

import (
	"context"
	"database/sql"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Usage counts the instances of a project in a cell, and of one user among them
// where user is not empty. Soft-deleted instances do not count, and neither do
// the hidden copies that cross-cell resizes make.
func Usage(ctx context.Context, c *db.Cell, project, user string) (objects.Used[objects.InstanceUsage], error) {
	var u objects.Used[objects.InstanceUsage]
	columns, args := "COUNT(*), COALESCE(SUM(vcpus), 0), COALESCE(SUM(memory_mb), 0)", []any{}
	dest := []any{&u.Project.Instances, &u.Project.Cores, &u.Project.RAM}
	if user != "" {
		columns += ", COALESCE(SUM(CASE WHEN user_id = ? THEN 1 ELSE 0 END), 0)" +
			", COALESCE(SUM(CASE WHEN user_id = ? THEN vcpus ELSE 0 END), 0)" +
			", COALESCE(SUM(CASE WHEN user_id = ? THEN memory_mb ELSE 0 END), 0)"
		args = append(args, user, user, user)
		dest = append(dest, &u.User.Instances, &u.User.Cores, &u.User.RAM)
	}
	err := c.DB.One(ctx, dest, "SELECT "+columns+" FROM instances WHERE deleted = 0 AND (vm_state <> 'soft-delete' OR vm_state IS NULL) AND project_id = ? AND (hidden = ? OR hidden IS NULL)",
		append(args, project, false)...)
	return u, err
}

// Alive answers those servers of a cell that are not deleted, nor soft-deleted or
// hidden, the newest first.
func Alive(ctx context.Context, c *db.Cell, uuids []string) ([]string, error) {
	var alive []string
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		var uuid string
		err := r.Scan(&uuid)
		alive = append(alive, uuid)
		return err
	}, "SELECT uuid FROM instances WHERE deleted = 0 AND (vm_state <> 'soft-delete' OR vm_state IS NULL) AND (hidden = ? OR hidden IS NULL) AND uuid IN (?) ORDER BY created_at DESC, id DESC", false, db.In(uuids))
	return alive, err
}
