package api

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nova-go/nova/internal/db"
)

// CellsOfServers answers the row ids of the cells that servers are mapped to.
// Servers that no cell has, or nobody knows, are left out.
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

// CellOfHost answers the row id of the cell that a host is mapped to; ok is false
// where it is in none.
func CellOfHost(ctx context.Context, d *db.DB, host string) (id int64, ok bool, err error) {
	err = d.One(ctx, []any{&id}, "SELECT cell_id FROM host_mappings WHERE host = ?", host)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return id, err == nil, err
}
