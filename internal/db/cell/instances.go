// Package cell has the SQL for the database of a cell, with one file per group of tables.
package cell

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// Load selects the data of an instance that is read besides its row. Each part is one query for
// all instances; only Extra is a join.
type Load struct {
	Deleted        bool // for a single instance: deleted ones are found, too
	Brief          bool // only id, uuid and display_name
	UserData       bool
	Extra          bool // flavor, trusted certificates
	Network        bool
	Metadata       bool
	SystemMetadata bool
	LockedReason   bool // only this key of the system metadata, which has about a dozen others; only locked instances have it
	Tags           bool
	Faults         bool // of the instances whose status shows a fault
	Volumes        bool
	Services       bool
	// Record selects all columns, and these fields of the versioned object.
	Record objects.Parts
}

// instanceScanner scans rows of instances. It parses equal flavors of several rows once.
type instanceScanner struct {
	load     Load
	columns  []column
	flavors  map[string]*objects.Flavor
	networks *objects.NetworkMemo
	hint     string // index hint of MySQL
}

func newInstanceScanner(l Load, extra ...string) *instanceScanner {
	s := &instanceScanner{load: l, flavors: map[string]*objects.Flavor{}}
	for _, c := range instanceColumns {
		if l.wants(c.name) || slices.Contains(extra, c.name) {
			s.columns = append(s.columns, c)
		}
	}
	if l.Record != 0 {
		s.columns = append(s.columns, recordColumns...)
	}
	return s
}

func (l Load) wants(column string) bool {
	switch column {
	case "id", "uuid", "display_name":
		return true
	case "user_data":
		return l.UserData || l.Record != 0
	}
	return !l.Brief
}

// lockedReason tells whether the reason is read together with the row, and not among all system metadata.
func (l Load) lockedReason() bool { return l.LockedReason && !l.SystemMetadata }

// selects returns the SELECT statement for scan, without its WHERE clause.
func (s *instanceScanner) selects() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for n, c := range s.columns {
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString("i." + c.name)
	}
	if s.load.Extra {
		b.WriteString(", e.flavor, e.trusted_certs")
	}
	if s.load.Network {
		b.WriteString(", n.network_info")
	}
	if s.load.lockedReason() {
		b.WriteString(", CASE WHEN i.locked THEN (SELECT m.value FROM instance_system_metadata m WHERE m.instance_uuid = i.uuid" +
			" AND m.key = 'locked_reason' AND m.deleted = 0 LIMIT 1) END")
	}
	b.WriteString(" FROM instances i" + s.hint)
	if s.load.Extra {
		b.WriteString(" LEFT JOIN instance_extra e ON e.instance_uuid = i.uuid")
	}
	if s.load.Network {
		b.WriteString(" LEFT JOIN instance_info_caches n ON n.instance_uuid = i.uuid")
	}
	return b.String()
}

func (s *instanceScanner) scan(r *sql.Rows) (*objects.Instance, error) {
	i := &objects.Instance{}
	dest := make([]any, 0, len(s.columns)+4)
	for _, c := range s.columns {
		dest = append(dest, c.dest(i))
	}
	var flavor, certs, network sql.RawBytes
	if s.load.Extra {
		dest = append(dest, &flavor, &certs)
	}
	if s.load.Network {
		dest = append(dest, &network)
	}
	var reason sql.NullString
	if s.load.lockedReason() {
		dest = append(dest, &reason)
	}
	if err := r.Scan(dest...); err != nil {
		return nil, err
	}
	if reason.Valid {
		i.SystemMetadata = map[string]string{"locked_reason": reason.String}
	}
	var err error
	if len(flavor) > 0 {
		if i.Flavor, err = s.flavor(flavor); err != nil {
			return nil, fmt.Errorf("instance_extra.flavor of %s: %w", i.UUID, err)
		}
	}
	if i.TrustedCerts, err = versioned.ParseTrustedCerts(certs); err != nil {
		return nil, fmt.Errorf("instance_extra.trusted_certs of %s: %w", i.UUID, err)
	}
	if i.Network, err = s.networks.Parse(i.UUID, network); err != nil {
		return nil, fmt.Errorf("instance_info_caches.network_info of %s: %w", i.UUID, err)
	}
	return i, nil
}

func (s *instanceScanner) flavor(text []byte) (*objects.Flavor, error) {
	if f := s.flavors[string(text)]; f != nil {
		return f, nil
	}
	f, err := versioned.ParseInstanceFlavor(text)
	if err == nil {
		s.flavors[string(text)] = f
	}
	return f, err
}

// Instance returns one instance. A deleted one is found only with l.Deleted.
func Instance(ctx context.Context, c *db.Cell, uuid string, l Load) (*objects.Instance, error) {
	list, err := Instances(ctx, c, []string{uuid}, l)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, objects.InstanceNotFound(uuid)
	}
	return list[0], nil
}

// Instances returns the instances with the given UUIDs, in no order. Deleted ones are included only
// with l.Deleted.
func Instances(ctx context.Context, c *db.Cell, uuids []string, l Load) ([]*objects.Instance, error) {
	where := " WHERE i.uuid IN (?)"
	if !l.Deleted {
		where += " AND i.deleted = 0"
	}
	s := newInstanceScanner(l)
	return readTogether(ctx, c, s, uuids, s.selects()+where, db.In(uuids))
}

// readTogether reads instances of which the UUIDs are known, with all parts of Load. It reads their
// pairs at the same time as their rows, because a database may be far away.
func readTogether(ctx context.Context, c *db.Cell, s *instanceScanner, uuids []string, query string, args ...any) ([]*objects.Instance,
	error) {
	var pairs map[string]*instancePairs
	var failed error
	var wait sync.WaitGroup
	if s.load.pairs() {
		wait.Go(func() { pairs, failed = readPairs(ctx, c, s.load, uuids) })
	}
	list, err := readInstances(ctx, c, s, query, args...)
	if wait.Wait(); err != nil || failed != nil {
		return nil, cmp.Or(err, failed)
	}
	for _, i := range list {
		pairs[i.UUID].set(i)
	}
	return list, fillParts(ctx, c, s.load, list)
}

// readInstances runs a query that begins with s.selects. It reads instances with the joined tables, without the parts of Load that need
// further queries.
func readInstances(ctx context.Context, c *db.Cell, s *instanceScanner, query string, args ...any) ([]*objects.Instance, error) {
	var list []*objects.Instance
	s.networks = c.Networks
	err := c.DB.Each(ctx, func(r *sql.Rows) error {
		i, err := s.scan(r)
		if err != nil {
			return err
		}
		i.Cell = c.UUID
		list = append(list, i)
		return nil
	}, query, args...)
	return list, err
}

// Fill reads the parts of Load that need further queries, for instances of one cell.
func Fill(ctx context.Context, c *db.Cell, l Load, list []*objects.Instance) error {
	if l.pairs() && len(list) > 0 {
		uuids := make([]string, len(list))
		for n, i := range list {
			uuids[n] = i.UUID
		}
		pairs, err := readPairs(ctx, c, l, uuids)
		if err != nil {
			return err
		}
		for _, i := range list {
			pairs[i.UUID].set(i)
		}
	}
	return fillParts(ctx, c, l, list)
}

// fillParts reads the parts of Load that need further queries, except pairs.
func fillParts(ctx context.Context, c *db.Cell, l Load, list []*objects.Instance) error {
	if len(list) == 0 {
		return nil
	}
	byUUID := make(map[string]*objects.Instance, len(list))
	for _, i := range list {
		byUUID[i.UUID] = i
	}
	for _, part := range []struct {
		wanted bool
		fill   func(context.Context, *db.Cell, Load, map[string]*objects.Instance) error
	}{
		{l.Record != 0, fillRecord},
		{l.Faults, fillFaults},
		{l.Services, fillServices},
	} {
		if !part.wanted {
			continue
		}
		if err := part.fill(ctx, c, l, byUUID); err != nil {
			return err
		}
	}
	return nil
}

// maxInList is the maximum length of an IN list.
const maxInList = 1000

func uuids(m map[string]*objects.Instance, keep func(*objects.Instance) bool) [][]string {
	var out [][]string
	var b []string
	for uuid, i := range m {
		if keep != nil && !keep(i) {
			continue
		}
		if b = append(b, uuid); len(b) == maxInList {
			out, b = append(out, b), nil
		}
	}
	if len(b) > 0 {
		out = append(out, b)
	}
	return out
}

// fillFaults reads the newest fault of the servers whose status shows it.
func fillFaults(ctx context.Context, c *db.Cell, _ Load, m map[string]*objects.Instance) error {
	for _, list := range uuids(m, func(i *objects.Instance) bool { s := i.Status(); return s == "ERROR" || s == "DELETED" }) {
		err := c.DB.Each(ctx, func(r *sql.Rows) error {
			var uuid string
			f := &objects.Fault{}
			var message sql.NullString
			if err := r.Scan(&uuid, db.Time{P: &f.CreatedAt}, &f.Code, &message, &f.Details, &f.Host); err != nil {
				return err
			}
			f.Message = message.String
			m[uuid].Fault = f
			return nil
		}, "SELECT f.instance_uuid, f.created_at, f.code, f.message, f.details, f.host FROM instance_faults f JOIN (SELECT MAX(id) AS id FROM "+
			"instance_faults WHERE instance_uuid IN (?) AND deleted = 0 GROUP BY instance_uuid) newest ON newest.id = f.id", db.In(list))
		if err != nil {
			return err
		}
	}
	return nil
}

// fillServices sets the nova-compute of each instance's host.
func fillServices(ctx context.Context, c *db.Cell, _ Load, m map[string]*objects.Instance) error {
	hosts := map[string]*objects.Service{}
	var names []string
	for _, i := range m {
		if i.Host == nil || *i.Host == "" {
			continue
		}
		if _, seen := hosts[*i.Host]; !seen {
			hosts[*i.Host] = nil
			names = append(names, *i.Host)
		}
	}
	if len(names) == 0 {
		return nil
	}
	services, err := Services(ctx, c, ServiceQuery{Hosts: names, Binary: "nova-compute"})
	if err != nil {
		return err
	}
	for _, s := range services {
		hosts[s.Host] = s
	}
	for _, i := range m {
		if i.Host != nil {
			i.Service = hosts[*i.Host]
		}
	}
	return nil
}
