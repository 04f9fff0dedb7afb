package cell

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// NodeQuery selects compute nodes. The zero value with a Limit below 0 selects all.
type NodeQuery struct {
	ID      int64
	UUID    string
	Host    string
	Pattern string // a part of the hypervisor's hostname; the wildcards of LIKE have their meaning, as in Nova
	After   int64  // row id
	Limit   int    // below 0: no limit
}

const nodeColumns = "id, uuid, host, hypervisor_hostname, hypervisor_type, hypervisor_version, host_ip, cpu_info, stats, vcpus, " +
	"memory_mb, local_gb, vcpus_used, memory_mb_used, local_gb_used, free_ram_mb, free_disk_gb, current_workload, running_vms, " +
	"disk_available_least"

// ComputeNodes returns compute nodes of a cell by id.
func ComputeNodes(ctx context.Context, c *db.Cell, q NodeQuery) ([]*objects.ComputeNode, error) {
	if longerThanNames(q.Pattern) {
		return nil, nil
	}
	w := conditions{}
	w.and("deleted = 0")
	if q.ID != 0 {
		w.and("id = ?", q.ID)
	}
	if q.UUID != "" {
		w.and("uuid = ?", q.UUID)
	}
	if q.Host != "" {
		w.and("host = ?", q.Host)
	}
	if q.Pattern != "" {
		w.and("hypervisor_hostname LIKE ?", "%"+q.Pattern+"%")
	}
	if q.After != 0 {
		w.and("id > ?", q.After)
	}
	text := "SELECT " + nodeColumns + " FROM compute_nodes WHERE " + w.text() + " ORDER BY id"
	if q.Limit >= 0 {
		text += " LIMIT ?"
		w.args = append(w.args, q.Limit)
	}
	var list []*objects.ComputeNode
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		n := &objects.ComputeNode{Cell: c.UUID}
		list = append(list, n)
		var uuid, host, name, cpu, stats sql.NullString
		err := r.Scan(&n.ID, &uuid, &host, &name, &n.HypervisorType, &n.HypervisorVersion, &n.HostIP, &cpu, &stats, &n.VCPUs, &n.MemoryMB,
			&n.LocalGB, &n.VCPUsUsed, &n.MemoryMBUsed, &n.LocalGBUsed,
			&n.FreeRAMMB, &n.FreeDiskGB, &n.CurrentWorkload, &n.RunningVMs, &n.DiskAvailableLeast)
		n.UUID, n.Host, n.HypervisorHostname, n.CPUInfo, n.Stats = uuid.String, host.String, name.String, cpu.String, stats.String
		return err
	}, text, w.args...)
	return list, err
}

// longerThanNames tells whether a pattern needs more characters than a hostname can have. SQLite
// returns an error for patterns of more than 50,000 bytes, where MySQL finds nothing.
func longerThanNames(pattern string) bool {
	const column = 255
	return len(pattern) > column && utf8.RuneCountInString(strings.NewReplacer("%", "", `\`, "").Replace(pattern)) > column
}

// NodeMarker returns the row id of the compute node with the row id or UUID of a marker, or 0 if
// it is not in this cell.
func NodeMarker(ctx context.Context, c *db.Cell, id int64, uuid string) (int64, error) {
	var found int64
	column, value := "id", any(id)
	if uuid != "" {
		column, value = "uuid", uuid
	}
	err := c.DB.One(ctx, []any{&found}, "SELECT id FROM compute_nodes WHERE deleted = 0 AND ? = ?", bun.Ident(column), value)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return found, err
}

// NodeStatistics returns the sums over the compute nodes of a cell whose service is enabled. As in
// Nova, a node belongs to the services of its host and to the one with its service_id, which old
// releases have written. These are two queries, because MariaDB joins on their disjunction by
// comparing all nodes with all services.
func NodeStatistics(ctx context.Context, c *db.Cell) (*objects.NodeStatistics, error) {
	s := &objects.NodeStatistics{}
	var columns, sums []string
	var dest []any
	fields := s.Fields()
	delete(fields, "count")
	for name, to := range fields {
		columns, sums, dest = append(columns, "n."+name), append(sums, "COALESCE(SUM("+name+"), 0)"), append(dest, to)
	}
	nodes := "SELECT " + strings.Join(columns, ", ") + " FROM compute_nodes n JOIN services s ON "
	enabled := " WHERE n.deleted = 0 AND s.deleted = 0 AND s.disabled = ? AND s.? = 'nova-compute'"
	args := []any{false, bun.Ident("binary")}
	return s, c.DB.One(ctx, append(dest, &s.Count), "SELECT "+strings.Join(sums, ", ")+", COUNT(*) FROM ("+
		nodes+"s.host = n.host"+enabled+" UNION ALL "+
		nodes+"s.id = n.service_id"+enabled+" AND (s.host <> n.host OR s.host IS NULL OR n.host IS NULL)) x",
		append(args, args...)...)
}
