package create

import (
	"maps"
	"slices"
	"strings"

	dbapi "github.com/nova-go/nova/internal/db/api"
	"github.com/nova-go/nova/internal/objects"
)

// spec is a server's request spec, as it is kept.
func (p *plan) spec(server string) *objects.Versioned {
	var groups []*objects.Versioned
	for _, g := range p.groups {
		field := "uuid"
		if g == "default" {
			field = "name"
		}
		groups = append(groups, objects.ChangedVersioned("SecurityGroup", "1.2", map[string]any{field: g}))
	}
	list := objects.VersionedList("SecurityGroupList", "1.1", groups)
	list.Changes = []string{"objects"}
	hints := maps.Clone(p.Hints)
	maps.DeleteFunc(hints, func(name string, _ []string) bool { return strings.HasPrefix(name, "_nova") })
	if hints == nil {
		hints = map[string][]string{}
	}
	one := func(name string) any {
		if name == "" {
			return nil
		}
		return []string{name}
	}
	data := map[string]any{"image": p.meta, "numa_topology": orNull(p.numa), "pci_requests": p.pci.Copy(), "project_id": p.caller.ProjectID, "user_id": p.caller.UserID,
		"availability_zone": p.zone, "flavor": p.Flavor.Versioned(), "num_instances": p.count, "ignore_hosts": nil, "force_hosts": one(p.ForcedHost),
		"force_nodes": one(p.ForcedNode), "requested_destination": nil, "retry": nil, "instance_group": nil, "scheduler_hints": hints,
		"limits":        objects.ChangedVersioned("SchedulerLimits", "1.0", map[string]any{"numa_topology": nil, "vcpu": nil, "disk_gb": nil, "memory_mb": nil}),
		"instance_uuid": server, "security_groups": list, "is_bfv": p.onVolume(), "requested_resources": []any{}}
	if p.group != nil {
		kept := p.group.Copy()
		kept.Data["members"], kept.Data["hosts"] = nil, nil
		data["instance_group"] = kept
	}
	if len(p.asked()) > 0 {
		data["requested_resources"] = nil
	}
	return objects.ChangedVersioned("RequestSpec", "1.15", data)
}

// specMessage is the request spec as the conductor gets it: with what is not kept.
func (p *plan) specMessage(b *dbapi.Build) *objects.Versioned {
	v := b.Spec.Copy()
	v.Changes = nil
	v.Data["id"] = b.SpecID
	v.Data["request_level_params"] = objects.NewVersioned("RequestLevelParams", "1.1", map[string]any{})
	if p.group != nil {
		v.Data["instance_group"] = p.group
	}
	if p.Host != "" || p.Node != "" {
		destination := map[string]any{"node": orNil(p.Node)}
		if p.Host != "" {
			destination["host"] = p.Host
		}
		v.Data["requested_destination"] = objects.ChangedVersioned("Destination", "1.4", destination)
	}
	if p.Networks != nil {
		v.Data["requested_networks"] = p.Networks.Versioned()
	}
	if p.placement != nil {
		v.Data["network_metadata"] = p.placement.Metadata
		if p.placement.Level != nil {
			v.Data["request_level_params"] = p.placement.Level
		}
	}
	if asked := p.asked(); len(asked) > 0 {
		v.Data["requested_resources"] = asked
	}
	return v
}

// asked are the RequestGroups of what is not in the flavor itself: ports and
// accelerators.
func (p *plan) asked() []*objects.Versioned {
	if p.placement == nil {
		return p.devicesOf
	}
	return slices.Concat(p.placement.Resources, p.devicesOf)
}

func (p *plan) onVolume() bool {
	for _, d := range p.devices {
		if d.root() {
			return d.Destination == "volume"
		}
	}
	return false
}

// orNull keeps a nil object from becoming a value that is not nil.
func orNull(v *objects.Versioned) any {
	if v == nil {
		return nil
	}
	return v
}

// instance is a server's Instance object, as its build request keeps it.
func (p *plan) instance(server string, index int) *objects.Versioned {
	display, host := nameOf(p.Request, server, index, p.count)
	system := p.image.SystemMetadata(p.Flavor)
	if _, ok := system["image_base_image_ref"]; !ok {
		system["image_base_image_ref"] = p.Image
	}
	system["owner_user_name"], system["owner_project_name"] = p.caller.UserName, p.caller.ProjectName
	metadata := p.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	var keyData *string
	keys := objects.VersionedList[*objects.Versioned]("KeyPairList", "1.3", nil)
	keys.Changes = []string{"objects"}
	if p.keypair != nil {
		keyData = &p.keypair.PublicKey
		keys.Data["objects"] = []*objects.Versioned{p.keypair.Versioned()}
	}
	drive := ""
	if p.ConfigDrive {
		drive = "True"
	}
	property := func(name string) any { return orNil(p.image.Property(name)) }
	data := map[string]any{"uuid": server, "user_id": p.caller.UserID, "project_id": p.caller.ProjectID, "image_ref": p.Image, "kernel_id": p.kernel,
		"ramdisk_id": p.ramdisk, "hostname": host, "launch_index": index, "key_name": p.KeyName, "key_data": keyData, "power_state": 0, "vm_state": "building",
		"task_state": "scheduling", "memory_mb": p.Flavor.MemoryMB, "vcpus": p.Flavor.VCPUs, "root_gb": p.Flavor.RootGB, "ephemeral_gb": p.Flavor.EphemeralGB,
		"ephemeral_key_uuid": nil, "instance_type_id": p.Flavor.ID, "user_data": p.UserData, "reservation_id": p.reservation, "availability_zone": p.zone,
		"display_name": display, "display_description": p.Description, "locked": false, "os_type": property("os_type"), "architecture": property("architecture"),
		"vm_mode": property("vm_mode"), "root_device_name": orNil(rootDeviceName(p.image)), "config_drive": drive, "access_ip_v4": p.AccessIPv4,
		"access_ip_v6": p.AccessIPv6, "auto_disk_config": p.autoDisk(), "progress": 0, "shutdown_terminate": false, "metadata": metadata, "system_metadata": system,
		"info_cache":      objects.ChangedVersioned("InstanceInfoCache", "1.5", map[string]any{"instance_uuid": server, "network_info": "[]"}),
		"security_groups": objects.VersionedList[*objects.Versioned]("SecurityGroupList", "1.1", nil), "numa_topology": orNull(p.numa), "pci_requests": p.pci.Copy(),
		"flavor": p.Flavor.Versioned(), "old_flavor": nil, "new_flavor": nil, "keypairs": keys, "trusted_certs": nil}
	certs := p.TrustedCerts
	if len(certs) > 0 {
		data["trusted_certs"] = objects.ChangedVersioned("TrustedCerts", "1.0", map[string]any{"ids": certs})
	}
	return objects.ChangedVersioned("Instance", objects.InstanceVersion, data)
}

// autoDisk is the disk configuration: the caller's, or that of the image.
func (p *plan) autoDisk() bool {
	if p.AutoDiskConfig != nil {
		return *p.AutoDiskConfig
	}
	return truth(p.image.Properties()["auto_disk_config"])
}

// buildRequest is what the conductor gets of a server: its Instance with what it
// has before it is in a cell.
func (p *plan) buildRequest(b *dbapi.Build) *objects.Versioned {
	instance := b.Instance.Copy().Clean()
	tags := b.Tags.Copy().Clean()
	maps.Copy(instance.Data, map[string]any{"deleted": false, "hidden": false, "disable_terminate": false, "terminated_at": nil, "host": nil, "node": nil,
		"compute_id": nil, "launched_at": nil, "launched_on": nil, "cell_name": nil, "locked_by": nil, "created_at": b.CreatedAt, "updated_at": nil, "tags": tags})
	return objects.NewVersioned("BuildRequest", "1.3", map[string]any{"id": b.ID, "instance_uuid": b.UUID, "project_id": b.ProjectID, "instance": instance,
		"block_device_mappings": b.Devices.Copy().Clean(), "tags": tags, "created_at": b.CreatedAt, "updated_at": nil})
}
