package db

import (
	"context"
	"database/sql"

	"github.com/nova-go/nova/internal/objects"
)

// hostNotMapped returns Nova's exception HostMappingNotFound.
func hostNotMapped(host string) error {
	return objects.ErrHostMappingNotFound.Errorf(objects.KindInvalid, "Host '%s' is not mapped to any cell", host)
}

// OfHosts returns the cells of hosts, in one query. Hosts without a mapping are left out.
func (c *Cells) OfHosts(ctx context.Context, hosts []string) (map[string]*Cell, error) {
	cells := make(map[string]*Cell, len(hosts))
	if len(hosts) == 0 {
		return cells, nil
	}
	ids := map[string]int64{}
	err := c.API.Each(ctx, func(r *sql.Rows) error {
		var host string
		var id int64
		err := r.Scan(&host, &id)
		ids[host] = id
		return err
	}, "SELECT host, cell_id FROM host_mappings WHERE host IN (?)", In(hosts))
	if err != nil {
		return nil, err
	}
	for host, id := range ids {
		cell, err := c.ByID(ctx, id)
		if err != nil {
			return nil, err
		}
		if cell != nil {
			cells[host] = cell
		}
	}
	return cells, nil
}

// OfHost returns the cell of a host, or the error HostMappingNotFound. As in Nova, MySQL ignores
// the case of the host name.
func (c *Cells) OfHost(ctx context.Context, host string) (*Cell, error) {
	cells, err := c.OfHosts(ctx, []string{host})
	if err != nil {
		return nil, err
	}
	for _, cell := range cells {
		return cell, nil
	}
	return nil, hostNotMapped(host)
}

// HostsIn returns the hosts that are mapped to a cell, by row.
func (c *Cells) HostsIn(ctx context.Context, cell *Cell) ([]string, error) {
	var hosts []string
	err := c.API.Each(ctx, func(r *sql.Rows) error {
		var host string
		err := r.Scan(&host)
		hosts = append(hosts, host)
		return err
	}, "SELECT host FROM host_mappings WHERE cell_id = ? ORDER BY id", cell.ID)
	return hosts, err
}

// UnmapHost deletes the mapping of a host. A missing mapping is not an error.
func (c *Cells) UnmapHost(ctx context.Context, host string) error {
	_, err := Exec(ctx, c.API, "DELETE FROM host_mappings WHERE host = ?", host)
	return err
}
