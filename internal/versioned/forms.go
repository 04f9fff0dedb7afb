package versioned

import (
	"github.com/nova-go/nova/internal/objects"
)

// Flavor returns a flavor as loaded; nil for nil.
func Flavor(f *objects.Flavor) *Object {
	if f == nil {
		return nil
	}
	specs := f.ExtraSpecs
	if specs == nil {
		specs = map[string]string{}
	}
	return Loaded("Flavor", map[string]any{"id": f.ID, "name": f.Name, "memory_mb": f.MemoryMB, "vcpus": f.VCPUs, "root_gb": f.RootGB,
		"ephemeral_gb": f.EphemeralGB, "flavorid": f.FlavorID, "swap": f.Swap, "rxtx_factor": Float(f.RxtxFactor),
		"vcpu_weight": f.VCPUWeight, "disabled": f.Disabled,
		"is_public": f.IsPublic, "extra_specs": specs, "description": f.Description, "created_at": f.CreatedAt, "updated_at": f.UpdatedAt,
		"deleted_at": nil, "deleted": false})
}

// ReadFlavor returns a flavor as Nova has it after reading its serialized form, or copying it: extra specs count as changed,
// because Nova compares them with those at the last load, which it does not know then. It returns nil for nil.
func ReadFlavor(f *objects.Flavor) *Object {
	v := Flavor(f)
	if v != nil && len(f.ExtraSpecs) > 0 {
		v.Changes = []string{"extra_specs"}
	}
	return v
}

// Aggregate returns a host aggregate as loaded.
func Aggregate(a *objects.Aggregate) *Object {
	v := Loaded("Aggregate", map[string]any{"id": a.ID, "uuid": a.UUID, "name": a.Name, "hosts": a.Hosts, "metadata": a.Metadata,
		"created_at": a.CreatedAt, "updated_at": a.UpdatedAt, "deleted_at": nil, "deleted": false})
	v.Changes = a.Changes
	return v
}

// Service returns a service as loaded.
func Service(s *objects.Service) *Object {
	return Loaded("Service", map[string]any{"id": s.ID, "uuid": s.UUID, "host": s.Host, "binary": s.Binary, "topic": s.Topic,
		"report_count": s.ReportCount, "disabled": s.Disabled, "disabled_reason": s.DisabledReason, "forced_down": s.ForcedDown,
		"last_seen_up": s.LastSeenUp, "version": s.Version, "created_at": s.CreatedAt, "updated_at": s.UpdatedAt, "deleted_at": nil,
		"deleted": false})
}

// Keypair returns a key pair as loaded.
func Keypair(k *objects.Keypair) *Object {
	return Loaded("KeyPair", map[string]any{"id": k.ID, "name": k.Name, "user_id": k.UserID, "type": k.Type, "fingerprint": k.Fingerprint,
		"public_key": k.PublicKey, "created_at": k.CreatedAt, "updated_at": k.UpdatedAt, "deleted_at": nil, "deleted": false})
}

// Keypairs returns a server's key pairs in the form of instance_extra.keypairs.
func Keypairs(list []objects.Keypair) *Object {
	return madeList("KeyPairList", each(list, func(k objects.Keypair) *Object { return Keypair(&k) }))
}

// TrustedCerts returns the ids of the certificates that validate a server's images; nil if there are none.
func TrustedCerts(ids []string) *Object {
	if len(ids) == 0 {
		return nil
	}
	return Made("TrustedCerts", map[string]any{"ids": ids})
}

// Share returns a share mapping of a server as loaded.
func Share(s *objects.Share) *Object {
	return Loaded("ShareMapping", map[string]any{"id": s.ID, "uuid": s.UUID, "instance_uuid": s.InstanceUUID, "share_id": s.ShareID,
		"status": s.Status,
		"tag":    s.Tag, "export_location": s.ExportLocation, "share_proto": s.Protocol, "created_at": s.CreatedAt, "updated_at": s.UpdatedAt})
}

// Migration returns a migration as loaded.
func Migration(m *objects.Migration) *Object {
	return Loaded("Migration", map[string]any{"id": m.ID, "uuid": m.UUID, "instance_uuid": m.InstanceUUID, "source_compute": m.SourceCompute,
		"dest_compute": m.DestCompute, "dest_compute_id": m.DestComputeID, "source_node": m.SourceNode, "dest_node": m.DestNode,
		"dest_host": m.DestHost,
		"status":    m.Status, "migration_type": m.Type, "user_id": m.UserID, "project_id": m.ProjectID,
		"old_instance_type_id": m.OldInstanceTypeID,
		"new_instance_type_id": m.NewInstanceTypeID, "memory_total": m.MemoryTotal, "memory_processed": m.MemoryDone,
		"memory_remaining": m.MemoryLeft,
		"disk_total":       m.DiskTotal, "disk_processed": m.DiskDone, "disk_remaining": m.DiskLeft, "hidden": m.Hidden,
		"cross_cell_move": m.CrossCell,
		"created_at":      m.CreatedAt, "updated_at": m.UpdatedAt, "deleted_at": nil, "deleted": false})
}

// Tags returns the tags of a server that is built. server is "" in messages about several servers.
func Tags(tags []string, server string) *Object {
	return madeList("TagList", each(tags, func(tag string) *Object {
		data := map[string]any{"tag": tag}
		if server != "" {
			data["resource_id"] = server
		}
		return Made("Tag", data)
	}))
}

// NetworkRequests returns the interfaces that a new server requests; nil for nil.
func NetworkRequests(n *objects.NetworkRequests) *Object {
	if n == nil {
		return nil
	}
	var list []*Object
	switch {
	case n.None:
		list = append(list, Made("NetworkRequest", map[string]any{"network_id": "none"}))
	case n.Auto:
		list = append(list, Made("NetworkRequest", map[string]any{"network_id": "auto", "address": nil, "port_id": nil,
			"pci_request_id": nil, "arq_uuid": nil,
			"device_profile": nil}))
	default:
		list = each(n.List, func(r *objects.NetworkRequest) *Object {
			return Made("NetworkRequest", map[string]any{"network_id": r.NetworkID, "address": r.Address, "port_id": r.PortID, "tag": r.Tag,
				"pci_request_id": r.PCIRequestID, "arq_uuid": r.ARQUUID, "device_profile": r.DeviceProfile})
		})
	}
	return madeList("NetworkRequestList", list)
}

// ServerGroup returns a server group as loaded; nil for nil.
func ServerGroup(g *objects.ServerGroup) *Object {
	if g == nil {
		return nil
	}
	policies := []string{}
	if g.Policy != nil {
		policies = append(policies, *g.Policy)
	}
	rules := g.Rules
	if rules == nil {
		rules = map[string]string{}
	}
	return Loaded("InstanceGroup", map[string]any{"id": g.ID, "uuid": g.UUID, "user_id": g.UserID, "project_id": g.ProjectID, "name": g.Name,
		"policy": g.Policy, "policies": policies, "_rules": rules, "members": orEmpty(g.Members), "created_at": g.CreatedAt,
		"updated_at": g.UpdatedAt,
		"deleted_at": nil, "deleted": false})
}

func externalEvent(e *objects.ExternalEvent) *Object {
	return Made("InstanceExternalEvent", map[string]any{"instance_uuid": e.InstanceUUID, "name": e.Name, "status": e.Status, "tag": e.Tag})
}

// text returns a field that is a string, otherwise nil.
func (v *Object) text(field string) *string {
	if s, ok := v.Data[field].(string); ok {
		return &s
	}
	return nil
}

// texts returns a field that is a list of strings, otherwise nil.
func (v *Object) texts(field string) []string {
	list, ok := v.Data[field].([]any)
	if !ok {
		return nil
	}
	texts := make([]string, 0, len(list))
	for _, one := range list {
		if s, ok := one.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// each converts the elements of a list; the result is never nil.
func each[T any](list []T, form func(T) *Object) []*Object {
	out := make([]*Object, 0, len(list))
	for _, one := range list {
		out = append(out, form(one))
	}
	return out
}
