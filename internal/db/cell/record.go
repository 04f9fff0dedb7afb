package cell

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
)

// Parts are fields of the versioned instance that are no columns of its row.
type Parts uint32

// The parts of a server that have rows or columns of their own.
const (
	partRow Parts = 1 << iota
	PartMetadata
	PartSystemMetadata
	PartInfoCache
	PartSecurityGroups
	PartFlavor // with old_flavor and new_flavor
	PartNUMATopology
	PartPCIRequests
	PartPCIDevices
	PartDeviceMetadata
	PartMigrationContext
	PartKeypairs
	PartTrustedCerts
	PartResources
	PartVCPUModel
	PartTags
	PartServices
	PartFault
)

// RowOnly is a record of the columns alone. Usual is what Nova loads of an instance
// that an action is about.
const (
	RowOnly = partRow
	Usual   = partRow | PartMetadata | PartSystemMetadata | PartInfoCache | PartSecurityGroups
)

// extraParts are the columns of instance_extra, in the order they are read.
var extraParts = []struct {
	part   Parts
	column string
}{
	{PartFlavor, "flavor"}, {PartNUMATopology, "numa_topology"}, {PartPCIRequests, "pci_requests"}, {PartDeviceMetadata, "device_metadata"},
	{PartMigrationContext, "migration_context"}, {PartKeypairs, "keypairs"}, {PartTrustedCerts, "trusted_certs"},
	{PartResources, "resources"}, {PartVCPUModel, "vcpu_model"},
}

const allExtra = PartFlavor | PartNUMATopology | PartPCIRequests | PartDeviceMetadata | PartMigrationContext | PartKeypairs | PartTrustedCerts | PartResources | PartVCPUModel

// fillRecord reads the fields of the versioned object.
func fillRecord(ctx context.Context, c *db.Cell, l Load, m map[string]*objects.Instance) error {
	for _, i := range m {
		i.Parts = map[string]any{}
		if l.Record&PartSecurityGroups != 0 { // nova-network's, which nothing fills any more
			i.Parts["security_groups"] = objects.VersionedList[any]("SecurityGroupList", "1.1", nil)
		}
	}
	for _, part := range []struct {
		wanted Parts
		fill   func(context.Context, *db.Cell, Parts, map[string]*objects.Instance) error
	}{
		{allExtra | PartInfoCache, recordExtra},
		{PartTags, recordTags},
		{PartPCIDevices, recordPCIDevices},
		{PartServices, recordServices},
		{PartFault, recordFaults},
	} {
		if l.Record&part.wanted == 0 {
			continue
		}
		if err := part.fill(ctx, c, l.Record, m); err != nil {
			return err
		}
	}
	return nil
}

// Records reads those of the servers that are in the cell and not deleted, with
// these parts of the versioned object.
func Records(ctx context.Context, c *db.Cell, servers []string, parts Parts) ([]*objects.Instance, error) {
	return query(ctx, c, Load{Record: parts, Metadata: parts&PartMetadata != 0, SystemMetadata: parts&PartSystemMetadata != 0},
		" WHERE i.deleted = 0 AND i.hidden = ? AND i.uuid IN (?)", false, db.In(servers))
}

// recordExtra reads instance_extra and the info cache.
func recordExtra(ctx context.Context, c *db.Cell, parts Parts, m map[string]*objects.Instance) error {
	for _, list := range uuids(m, nil) {
		err := c.DB.Each(ctx, func(r *sql.Rows) error {
			var uuid string
			var network sql.NullString
			var hasCache sql.NullString
			var created, updated, deleted *time.Time
			texts := make([]sql.NullString, len(extraParts))
			dest := []any{&uuid, &hasCache, &network, db.Time{P: &created}, db.Time{P: &updated}, db.Time{P: &deleted}}
			for n := range texts {
				dest = append(dest, &texts[n])
			}
			if err := r.Scan(dest...); err != nil {
				return err
			}
			i := m[uuid]
			if i == nil {
				return nil
			}
			if parts&PartInfoCache != 0 {
				i.Parts["info_cache"] = nil
				if hasCache.Valid {
					info := network.String
					if !network.Valid {
						info = "[]"
					}
					i.Parts["info_cache"] = objects.NewVersioned("InstanceInfoCache", "1.5", map[string]any{"instance_uuid": uuid, "network_info": info,
						"created_at": created, "updated_at": updated, "deleted_at": deleted, "deleted": false})
				}
			}
			for n, e := range extraParts {
				if parts&e.part == 0 {
					continue
				}
				if err := setExtra(i, e.column, texts[n].String); err != nil {
					return fmt.Errorf("instance_extra.%s of %s: %w", e.column, uuid, err)
				}
			}
			return nil
		}, `SELECT i.uuid, n.instance_uuid, n.network_info, n.created_at, n.updated_at, n.deleted_at, e.flavor, e.numa_topology, e.pci_requests, e.device_metadata,
			e.migration_context, e.keypairs, e.trusted_certs, e.resources, e.vcpu_model
			FROM instances i LEFT JOIN instance_extra e ON e.instance_uuid = i.uuid LEFT JOIN instance_info_caches n ON n.instance_uuid = i.uuid
			WHERE i.uuid IN (?)`, db.In(list))
		if err != nil {
			return err
		}
	}
	return nil
}

func setExtra(i *objects.Instance, column, text string) error {
	switch column {
	case "flavor":
		return setFlavors(i, text)
	case "pci_requests":
		v, err := objects.ParsePCIRequests(i.UUID, []byte(text))
		i.Parts[column] = v
		return err
	}
	v, err := objects.ParseVersioned([]byte(text))
	switch {
	case err != nil:
		return err
	case v == nil && column == "keypairs":
		i.Parts[column] = objects.VersionedList[any]("KeyPairList", "1.3", nil)
	default:
		i.Parts[column] = nilOr(v.Clean())
	}
	return nil
}

func setFlavors(i *objects.Instance, text string) error {
	if text == "" {
		return nil
	}
	cur, old, next, err := objects.ParseInstanceFlavors([]byte(text))
	if err != nil {
		return err
	}
	i.Parts["flavor"], i.Parts["old_flavor"], i.Parts["new_flavor"] = any(cur), nilOr(old), nilOr(next)
	i.Flavor, err = objects.ParseInstanceFlavor([]byte(text))
	return err
}

// nilOr keeps a nil object from becoming a value that is not nil.
func nilOr(v *objects.Versioned) any {
	if v == nil {
		return nil
	}
	return v
}

func recordTags(ctx context.Context, c *db.Cell, _ Parts, m map[string]*objects.Instance) error {
	tags := map[string][]*objects.Versioned{}
	for _, list := range uuids(m, nil) {
		err := c.DB.Each(ctx, func(r *sql.Rows) error {
			var uuid, tag string
			if err := r.Scan(&uuid, &tag); err != nil {
				return err
			}
			tags[uuid] = append(tags[uuid], objects.NewVersioned("Tag", "1.1", map[string]any{"resource_id": uuid, "tag": tag}))
			return nil
		}, "SELECT resource_id, tag FROM tags WHERE resource_id IN (?) ORDER BY tag", db.In(list))
		if err != nil {
			return err
		}
	}
	for uuid, i := range m {
		i.Parts["tags"] = objects.VersionedList("TagList", "1.1", tags[uuid])
	}
	return nil
}

func recordServices(ctx context.Context, c *db.Cell, _ Parts, m map[string]*objects.Instance) error {
	if err := fillServices(ctx, c, Load{}, m); err != nil {
		return err
	}
	for _, i := range m {
		var list []*objects.Versioned
		if i.Service != nil {
			list = append(list, i.Service.Versioned())
		}
		i.Parts["services"] = objects.VersionedList("ServiceList", "1.19", list)
	}
	return nil
}

func recordFaults(ctx context.Context, c *db.Cell, _ Parts, m map[string]*objects.Instance) error {
	for _, i := range m {
		i.Parts["fault"] = nil
	}
	for _, list := range uuids(m, nil) {
		err := c.DB.Each(ctx, func(r *sql.Rows) error {
			var id, code int64
			var uuid string
			var message, details, host *string
			var created, updated *time.Time
			if err := r.Scan(&id, &uuid, &code, &message, &details, &host, db.Time{P: &created}, db.Time{P: &updated}); err != nil {
				return err
			}
			m[uuid].Parts["fault"] = objects.NewVersioned("InstanceFault", "1.2", map[string]any{"id": id, "instance_uuid": uuid, "code": code,
				"message": message, "details": details, "host": host, "created_at": created, "updated_at": updated, "deleted_at": nil, "deleted": false})
			return nil
		}, `SELECT f.id, f.instance_uuid, f.code, f.message, f.details, f.host, f.created_at, f.updated_at FROM instance_faults f
			JOIN (SELECT MAX(id) AS id FROM instance_faults WHERE instance_uuid IN (?) AND deleted = 0 GROUP BY instance_uuid) newest ON newest.id = f.id`, db.In(list))
		if err != nil {
			return err
		}
	}
	return nil
}

func recordPCIDevices(ctx context.Context, c *db.Cell, _ Parts, m map[string]*objects.Instance) error {
	devices := map[string][]*objects.Versioned{}
	for _, list := range uuids(m, nil) {
		err := c.DB.Each(ctx, func(r *sql.Rows) error {
			var id, node int64
			var address, product, vendor, kind, label, status, owner string
			var dev, request, parent, uuid *string
			var numa *int64
			var extra sql.NullString
			var created, updated *time.Time
			if err := r.Scan(&id, &node, &address, &product, &vendor, &kind, &dev, &label, &status, &extra, &owner, &request, &numa, &parent, &uuid,
				db.Time{P: &created}, db.Time{P: &updated}); err != nil {
				return err
			}
			info := map[string]any{}
			if extra.String != "" {
				if err := json.Unmarshal([]byte(extra.String), &info); err != nil {
					return fmt.Errorf("pci_devices.extra_info of %s: %w", address, err)
				}
			}
			devices[owner] = append(devices[owner], objects.NewVersioned("PciDevice", "1.7", map[string]any{"id": id, "uuid": uuid, "compute_node_id": node,
				"address": address, "product_id": product, "vendor_id": vendor, "dev_type": kind, "dev_id": dev, "label": label, "status": status,
				"extra_info": info, "instance_uuid": owner, "request_id": request, "numa_node": numa, "parent_addr": parent,
				"created_at": created, "updated_at": updated, "deleted_at": nil, "deleted": false}))
			return nil
		}, `SELECT id, compute_node_id, address, product_id, vendor_id, dev_type, dev_id, label, status, extra_info, instance_uuid, request_id, numa_node,
			parent_addr, uuid, created_at, updated_at FROM pci_devices WHERE deleted = 0 AND instance_uuid IN (?) ORDER BY id`, db.In(list))
		if err != nil {
			return err
		}
	}
	for uuid, i := range m {
		i.Parts["pci_devices"] = objects.VersionedList("PciDeviceList", "1.3", devices[uuid])
	}
	return nil
}
