package cell

import (
	"context"
	"database/sql"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Usage counts the instances of a project in a cell and their resources, and those of one user
// unless user is "". It does not count soft-deleted instances and the hidden copies of cross-cell
// resizes.
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
	err := c.DB.One(ctx, dest, "SELECT "+columns+" FROM instances WHERE deleted = 0 AND (vm_state <> 'soft-delete' OR vm_state IS NULL) "+
		"AND project_id = ? AND (hidden = ? OR hidden IS NULL)",
		append(args, project, false)...)
	return u, err
}

// Alive returns the servers among uuids that are in the cell and not deleted, soft-deleted or
// hidden, the newest first: those of a user, or of all users for "".
func Alive(ctx context.Context, c *db.Cell, uuids []string, user string) ([]string, error) {
	of, args := "", []any{false, db.In(uuids)}
	if user != "" {
		of, args = " AND user_id = ?", append(args, user)
	}
	var alive []string
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		var uuid string
		err := r.Scan(&uuid)
		alive = append(alive, uuid)
		return err
	}, "SELECT uuid FROM instances WHERE deleted = 0 AND (vm_state <> 'soft-delete' OR vm_state IS NULL) AND (hidden = ? OR hidden IS "+
		"NULL) AND uuid IN (?)"+of+" ORDER BY created_at DESC, id DESC", args...)
	return alive, err
}

// Alive returns the result of Alive for all cells that answer.
func (e Everywhere) Alive(ctx context.Context, uuids []string, user string) ([]string, error) {
	cells, err := e.All(ctx)
	if err != nil {
		return nil, err
	}
	var alive []string
	for _, r := range db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) ([]string, error) { return Alive(ctx, c, uuids, user) }) {
		if r.Err == nil {
			alive = append(alive, r.Value...)
		}
	}
	return alive, nil
}
