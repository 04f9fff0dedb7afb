package records

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/db"
)

// The resources of a host of the cloud, as in Nova's fake driver.
const (
	VCPUs    = 1000
	MemoryMB = 800000
	DiskGB   = 600000
)

// reservedMemoryMB is the memory that is reserved for the host, in MiB.
const reservedMemoryMB = 512

// Host is a row of compute_nodes with columns of its service.
type Host struct {
	ID             int64 // id of the compute node
	Name, UUID     string
	Disabled, Down bool
}

// Report inserts or updates the row of a service with the time last_seen_up.
func (r *Records) Report(ctx context.Context, host, binary, topic string) (int64, error) {
	var id int64
	now := db.Now(ctx)
	err := db.One(ctx, r.cell(), []any{&id}, "SELECT id FROM services WHERE host = ? AND ? = ? AND deleted = 0", host, bun.Ident("binary"),
		binary)
	if errors.Is(err, sql.ErrNoRows) {
		return insert(ctx, r.Cell1.DB, r.cell(), "services", Row{"created_at": now, "last_seen_up": now, "updated_at": now, "host": host,
			"binary": binary, "topic": topic,
			"report_count": 1, "disabled": false, "forced_down": false, "deleted": 0, "version": r.release.Service, "uuid": uuid.NewString()})
	}
	if err != nil {
		return 0, err
	}
	_, err = exec(ctx, r.cell(), "UPDATE services SET report_count = report_count + 1, last_seen_up = ?, updated_at = ? WHERE id = ?", now,
		now, id)
	return id, err
}

const cpuInfo = `{"arch": "x86_64", "model": "Nehalem", "vendor": "Intel", "features": ["pge", "clflush"], "topology": {"cores": 1,` +
	` "threads": 1, "sockets": 4}}`

// AddHost inserts the compute node and the mapping of a host if they do not exist.
func (r *Records) AddHost(ctx context.Context, host string) error {
	service, err := r.Report(ctx, host, "nova-compute", "compute")
	if err != nil {
		return err
	}
	var n int64
	if err := db.One(ctx, r.cell(), []any{&n}, "SELECT COUNT(*) FROM compute_nodes WHERE host = ? AND deleted = 0", host); err != nil {
		return err
	}
	if n == 0 {
		if _, err := insert(ctx, r.Cell1.DB, r.cell(), "compute_nodes", Row{"created_at": db.Now(ctx), "updated_at": db.Now(ctx),
			"service_id": service, "vcpus": VCPUs, "memory_mb": MemoryMB, "local_gb": DiskGB,
			"vcpus_used": 0, "memory_mb_used": reservedMemoryMB, "local_gb_used": 0, "hypervisor_type": "fake", "hypervisor_version": 1000,
			"cpu_info":             cpuInfo,
			"disk_available_least": 0, "free_ram_mb": MemoryMB - reservedMemoryMB, "free_disk_gb": DiskGB, "current_workload": 0, "running_vms": 0,
			"hypervisor_hostname": host,
			"deleted":             0, "host_ip": "127.0.0.1", "supported_instances": `[["x86_64", "fake", "hvm"]]`, "metrics": "[]",
			"stats": `{"failed_builds": "0"}`, "host": host,
			"ram_allocation_ratio": 1.0, "cpu_allocation_ratio": 4.0, "disk_allocation_ratio": 1.0, "uuid": uuid.NewString(),
			"mapped": 1}); err != nil {
			return err
		}
	}
	if err := r.API.One(ctx, []any{&n}, "SELECT COUNT(*) FROM host_mappings WHERE host = ?", host); err != nil || n > 0 {
		return err
	}
	_, err = insert(ctx, r.API, r.API, "host_mappings", Row{"created_at": db.Now(ctx), "cell_id": r.Cell1.ID, "host": host})
	return err
}

// Hosts returns the hosts in the database.
func (r *Records) Hosts(ctx context.Context) ([]Host, error) {
	var list []Host
	err := db.Each(ctx, r.cell(), func(rows *sql.Rows) error {
		var h Host
		err := rows.Scan(&h.ID, &h.Name, &h.UUID, &h.Disabled, &h.Down)
		list = append(list, h)
		return err
	}, "SELECT n.id, n.host, n.uuid, s.disabled, s.forced_down FROM compute_nodes n JOIN services s ON s.host = n.host AND s.topic = "+
		"'compute' AND s.deleted = 0 WHERE n.deleted = 0 ORDER BY n.id")
	return list, err
}

// Usage updates the used resources of a host from its servers.
func (r *Records) Usage(ctx context.Context, host string) error {
	if host == "" {
		return nil
	}
	var n, vcpus, memory, disk, busy int64
	err := db.One(ctx, r.cell(), []any{&n, &vcpus, &memory, &disk, &busy}, `SELECT COUNT(*), COALESCE(SUM(vcpus), 0),
		COALESCE(SUM(memory_mb), 0), COALESCE(SUM(root_gb + ephemeral_gb), 0),
		COALESCE(SUM(CASE WHEN task_state IS NULL THEN 0 ELSE 1 END), 0) FROM instances WHERE host = ? AND deleted = 0`, host)
	if err != nil {
		return err
	}
	_, err = update(ctx, r.cell(), "compute_nodes", Row{"vcpus_used": vcpus, "memory_mb_used": reservedMemoryMB + memory,
		"local_gb_used": disk,
		"free_ram_mb":   MemoryMB - reservedMemoryMB - memory,
		"free_disk_gb":  DiskGB - disk, "running_vms": n, "current_workload": busy}, "host = ? AND deleted = 0", host)
	return err
}

// MapCell changes the database URL of a cell mapping.
func (r *Records) MapCell(ctx context.Context, cell, connection string) error {
	_, err := update(ctx, r.API, "cell_mappings", Row{"database_connection": connection}, "name = ?", cell)
	return err
}

// AddConsole inserts a console token.
func (r *Records) AddConsole(ctx context.Context, row Row) error {
	row["created_at"] = db.Now(ctx)
	_, err := insert(ctx, r.Cell1.DB, r.cell(), "console_auth_tokens", row)
	return err
}

// Load returns the number of servers by host.
func (r *Records) Load(ctx context.Context) (map[string]int64, error) {
	load := map[string]int64{}
	return load, db.Each(ctx, r.cell(), func(rows *sql.Rows) error {
		var host string
		var n int64
		err := rows.Scan(&host, &n)
		load[host] = n
		return err
	}, "SELECT host, COUNT(*) FROM instances WHERE deleted = 0 AND host IS NOT NULL GROUP BY host")
}

// Where returns the number of the given servers by host.
func (r *Records) Where(ctx context.Context, servers []string) (map[string]int, error) {
	at := map[string]int{}
	if len(servers) == 0 {
		return at, nil
	}
	return at, db.Each(ctx, r.cell(), func(rows *sql.Rows) error {
		var host string
		err := rows.Scan(&host)
		at[host]++
		return err
	}, "SELECT host FROM instances WHERE deleted = 0 AND host IS NOT NULL AND uuid IN (?)", db.In(servers))
}

// GroupMembers returns the servers of a server group.
func (r *Records) GroupMembers(ctx context.Context, group string) ([]string, error) {
	var list []string
	err := r.API.Each(ctx, func(rows *sql.Rows) error {
		var server string
		err := rows.Scan(&server)
		list = append(list, server)
		return err
	}, "SELECT m.instance_uuid FROM instance_group_member m JOIN instance_groups g ON g.id = m.group_id WHERE g.uuid = ?", group)
	return list, err
}
