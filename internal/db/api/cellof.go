package api

import (
	"context"
	"database/sql"

	"github.com/nova-go/nova/internal/db"
)

// CellsOfServers returns the row ids of the cells that servers are mapped to, by UUID. Servers
// without a mapping or without a cell are left out.
func CellsOfServers(ctx context.Context, d *db.DB, uuids []string) (map[string]int64, error) {
	cells := make(map[string]int64, len(uuids))
	return cells, d.Each(ctx, func(r *sql.Rows) error {
		var uuid string
		var id int64
		err := r.Scan(&uuid, &id)
		cells[uuid] = id
		return err
	}, "SELECT instance_uuid, cell_id FROM instance_mappings WHERE cell_id IS NOT NULL AND instance_uuid IN (?)", db.In(uuids))
}
