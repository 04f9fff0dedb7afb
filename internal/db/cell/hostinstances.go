package cell

import (
	"context"
	"database/sql"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Hosted is a server in a view of a host. Instance has its names, its owner and its host.
type Hosted struct {
	objects.Instance
	VCPUs, MemoryMB int64
	DiskGB          int64 // root and ephemeral disk
}

// InstancesOn returns the servers on hosts of a cell, by row, including hidden and soft-deleted
// ones, which use resources of the host, too.
func InstancesOn(ctx context.Context, c *db.Cell, hosts []string) ([]*Hosted, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	var list []*Hosted
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		i := &Hosted{}
		list = append(list, i)
		var project, user sql.NullString
		err := r.Scan(&i.ID, &i.UUID, &project, &user, &i.Host, &i.Node, &i.Hostname, &i.DisplayName, &i.MemoryMB, &i.VCPUs, &i.DiskGB)
		i.ProjectID, i.UserID = project.String, user.String
		return err
	}, "SELECT id, uuid, project_id, user_id, host, node, hostname, display_name, COALESCE(memory_mb, 0), COALESCE(vcpus, 0), "+
		"COALESCE(root_gb, 0) + COALESCE(ephemeral_gb, 0) FROM instances WHERE deleted = 0 AND host IN (?) ORDER BY id", db.In(hosts))
	return list, err
}

// CountOn returns the number of servers on hosts of a cell.
func CountOn(ctx context.Context, c *db.Cell, hosts []string) (n int64, err error) {
	if len(hosts) == 0 {
		return 0, nil
	}
	err = c.DB.One(ctx, []any{&n}, "SELECT COUNT(*) FROM instances WHERE deleted = 0 AND host IN (?)", db.In(hosts))
	return n, err
}
