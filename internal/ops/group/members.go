// Package group finds the servers that are members of server groups.
package group

import (
	"context"

	"github.com/nova-go/nova/internal/db"
	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/db/cell"
)

// Members finds the members of server groups in their cells.
type Members struct {
	API   *db.DB
	Cells *db.Cells
}

// Alive returns those of the servers that are neither deleted nor soft-deleted: first those that exist only as build
// requests, then those of each cell, the newest first. It fails if a cell does not respond.
func (m *Members) Alive(ctx context.Context, uuids []string) ([]string, error) {
	mappings, err := dbapi.InstanceMappings(ctx, m.API, uuids, dbapi.MappingFields{})
	if err != nil {
		return nil, err
	}
	var alive []string
	var cells []*db.Cell
	in := map[int64][]string{}
	for _, i := range mappings {
		if i.CellID == nil {
			alive = append(alive, i.UUID)
			continue
		}
		if in[*i.CellID] == nil {
			c, err := m.Cells.ByID(ctx, *i.CellID)
			if err != nil {
				return nil, err
			}
			if c == nil {
				continue
			}
			cells = append(cells, c)
		}
		in[*i.CellID] = append(in[*i.CellID], i.UUID)
	}
	for _, r := range db.Scatter(ctx, cells, func(ctx context.Context, c *db.Cell) ([]string, error) {
		return cell.Alive(ctx, c, in[c.ID], "")
	}) {
		if r.Err != nil {
			return nil, r.Err
		}
		alive = append(alive, r.Value...)
	}
	return alive, nil
}
