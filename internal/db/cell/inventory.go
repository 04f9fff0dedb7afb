package cell

import (
	"context"
	"database/sql"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Inventory is what a project has of servers in a VM state. RAM is in MiB.
type Inventory struct {
	Project, State string
	objects.InstanceUsage
}

// Inventory returns the servers of all projects by project and VM state, one row for each cell that has
// some. Deleted servers and the hidden copies of cross-cell resizes do not count. It fails if a cell does
// not answer, because a sum without its servers would be wrong.
func (e Everywhere) Inventory(ctx context.Context) ([]Inventory, error) {
	cells, err := e.All(ctx)
	if err != nil {
		return nil, err
	}
	var all []Inventory
	for _, r := range db.Scatter(ctx, cells, inventory) {
		if r.Err != nil {
			return nil, r.Err
		}
		all = append(all, r.Value...)
	}
	return all, nil
}

func inventory(ctx context.Context, c *db.Cell) ([]Inventory, error) {
	var list []Inventory
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		var i Inventory
		err := r.Scan(nullText{&i.Project}, nullText{&i.State}, &i.Instances, &i.Cores, &i.RAM)
		list = append(list, i)
		return err
	}, "SELECT project_id, vm_state, COUNT(*), COALESCE(SUM(vcpus), 0), COALESCE(SUM(memory_mb), 0) FROM instances "+
		"WHERE deleted = 0 AND (hidden = ? OR hidden IS NULL) GROUP BY project_id, vm_state", false)
	return list, err
}
