package cell

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nova-go/nova/internal/db"
	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/versioned"
)

// extraParts are the columns of instance_extra in the order in which they are read.
var extraParts = []struct {
	part   objects.Parts
	column string
}{
	{objects.PartFlavor, "flavor"}, {objects.PartNUMATopology, "numa_topology"}, {objects.PartPCIRequests, "pci_requests"},
	{objects.PartDeviceMetadata, "device_metadata"},
	{objects.PartMigrationContext, "migration_context"}, {objects.PartKeypairs, "keypairs"}, {objects.PartTrustedCerts, "trusted_certs"},
	{objects.PartResources, "resources"}, {objects.PartVCPUModel, "vcpu_model"},
}

const allExtraParts = objects.PartFlavor | objects.PartNUMATopology | objects.PartPCIRequests | objects.PartDeviceMetadata |
	objects.PartMigrationContext | objects.PartKeypairs | objects.PartTrustedCerts | objects.PartResources | objects.PartVCPUModel

// fillRecord reads the selected fields of the versioned object.
func fillRecord(ctx context.Context, c *db.Cell, l Load, m map[string]*objects.Instance) error {
	for _, i := range m {
		i.Loaded = l.Record
	}
	for _, part := range []struct {
		wanted objects.Parts
		fill   func(context.Context, *db.Cell, objects.Parts, map[string]*objects.Instance) error
	}{
		{allExtraParts | objects.PartInfoCache, recordExtra},
		{objects.PartTags, recordTags},
		{objects.PartPCIDevices, recordPCIDevices},
		{objects.PartServices, recordServices},
		{objects.PartFault, recordFaults},
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

// Records returns the servers that are in the cell, with these parts of the versioned object.
// Deleted ones are included while their rows exist.
func Records(ctx context.Context, c *db.Cell, servers []string, parts objects.Parts) ([]*objects.Instance, error) {
	s := newInstanceScanner(Load{
		Record: parts, Metadata: parts&objects.PartMetadata != 0, SystemMetadata: parts&objects.PartSystemMetadata != 0})
	return readTogether(ctx, c, s, servers, s.selects()+" WHERE i.hidden = ? AND i.uuid IN (?)", false, db.In(servers))
}

// recordExtra reads instance_extra and the info cache.
func recordExtra(ctx context.Context, c *db.Cell, parts objects.Parts, m map[string]*objects.Instance) error {
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
			if parts&objects.PartInfoCache != 0 && hasCache.Valid {
				i.InfoCache = &objects.InfoCache{NetworkInfo: "[]", CreatedAt: created, UpdatedAt: updated, DeletedAt: deleted}
				if network.Valid {
					i.InfoCache.NetworkInfo = network.String
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
		}, `SELECT i.uuid, n.instance_uuid, n.network_info, n.created_at, n.updated_at, n.deleted_at, e.flavor, e.numa_topology,
			e.pci_requests, e.device_metadata,
			e.migration_context, e.keypairs, e.trusted_certs, e.resources, e.vcpu_model
			FROM instances i LEFT JOIN instance_extra e ON e.instance_uuid = i.uuid LEFT JOIN instance_info_caches n ON n.instance_uuid = i.uuid
			WHERE i.uuid IN (?)`, db.In(list))
		if err != nil {
			return err
		}
	}
	return nil
}

func setExtra(i *objects.Instance, column, text string) (err error) {
	switch column {
	case "flavor":
		if text != "" {
			i.Flavor, i.OldFlavor, i.NewFlavor, err = versioned.ParseInstanceFlavors([]byte(text))
		}
	case "pci_requests":
		i.PCIRequests, err = versioned.ParsePCIRequests(i.UUID, []byte(text))
	case "keypairs":
		i.Keypairs, err = versioned.ParseKeypairs([]byte(text))
	case "trusted_certs":
		i.TrustedCerts, err = versioned.ParseTrustedCerts([]byte(text))
	default:
		if column == "migration_context" {
			if i.MigrationID, err = versioned.ParseMigrationID([]byte(text)); err != nil {
				return err
			}
		}
		if i.Stored == nil {
			i.Stored = map[string]json.RawMessage{}
		}
		i.Stored[column] = json.RawMessage(text)
	}
	return err
}

func recordTags(ctx context.Context, c *db.Cell, _ objects.Parts, m map[string]*objects.Instance) error {
	for _, i := range m {
		i.Tags = nil
	}
	for _, list := range uuids(m, nil) {
		err := c.DB.Each(ctx, func(r *sql.Rows) error {
			var uuid, tag string
			err := r.Scan(&uuid, &tag)
			if i := m[uuid]; i != nil {
				i.Tags = append(i.Tags, tag)
			}
			return err
		}, "SELECT resource_id, tag FROM tags WHERE resource_id IN (?) ORDER BY tag", db.In(list))
		if err != nil {
			return err
		}
	}
	return nil
}

func recordServices(ctx context.Context, c *db.Cell, _ objects.Parts, m map[string]*objects.Instance) error {
	return fillServices(ctx, c, Load{}, m)
}

func recordFaults(ctx context.Context, c *db.Cell, _ objects.Parts, m map[string]*objects.Instance) error {
	for _, list := range uuids(m, nil) {
		err := c.DB.Each(ctx, func(r *sql.Rows) error {
			var uuid string
			var message *string
			f := &objects.Fault{}
			if err := r.Scan(&f.ID, &uuid, &f.Code, &message, &f.Details, &f.Host, db.Time{P: &f.CreatedAt}, db.Time{P: &f.UpdatedAt}); err != nil {
				return err
			}
			f.Message = objects.OrZero(message)
			m[uuid].Fault = f
			return nil
		}, `SELECT f.id, f.instance_uuid, f.code, f.message, f.details, f.host, f.created_at, f.updated_at FROM instance_faults f
			JOIN (SELECT MAX(id) AS id FROM instance_faults WHERE instance_uuid IN (?) AND deleted = 0 GROUP BY instance_uuid) newest ON
			 newest.id = f.id`, db.In(list))
		if err != nil {
			return err
		}
	}
	return nil
}

func recordPCIDevices(ctx context.Context, c *db.Cell, _ objects.Parts, m map[string]*objects.Instance) error {
	for _, list := range uuids(m, nil) {
		err := c.DB.Each(ctx, func(r *sql.Rows) error {
			d := &objects.PCIDevice{ExtraInfo: map[string]any{}}
			var extra sql.NullString
			if err := r.Scan(&d.ID, &d.ComputeNodeID, &d.Address, &d.ProductID, &d.VendorID, &d.Type, &d.DevID, &d.Label, &d.Status, &extra,
				&d.InstanceUUID,
				&d.RequestID, &d.NUMANode, &d.ParentAddress, &d.UUID, db.Time{P: &d.CreatedAt}, db.Time{P: &d.UpdatedAt}); err != nil {
				return err
			}
			if extra.String != "" {
				if err := json.Unmarshal([]byte(extra.String), &d.ExtraInfo); err != nil {
					return fmt.Errorf("pci_devices.extra_info of %s: %w", d.Address, err)
				}
			}
			if i := m[d.InstanceUUID]; i != nil {
				i.PCIDevices = append(i.PCIDevices, d)
			}
			return nil
		}, `SELECT id, compute_node_id, address, product_id, vendor_id, dev_type, dev_id, label, status, extra_info, instance_uuid,
			request_id, numa_node,
			parent_addr, uuid, created_at, updated_at FROM pci_devices WHERE deleted = 0 AND instance_uuid IN (?) ORDER BY id`, db.In(list))
		if err != nil {
			return err
		}
	}
	return nil
}
