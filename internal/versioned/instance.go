package versioned

import (
	"maps"

	"github.com/nova-go/nova/internal/objects"
)

// Instance returns a server as loaded, with all columns of its row and the parts that were read. The server must be a
// record: see [objects.Instance].Loaded.
func Instance(i *objects.Instance) (*Object, error) {
	data := map[string]any{
		"id": i.ID, "uuid": i.UUID, "user_id": i.UserID, "project_id": i.ProjectID,
		"created_at": i.CreatedAt, "updated_at": i.UpdatedAt, "deleted_at": i.DeletedAt, "deleted": i.Deleted,
		"image_ref": i.ImageRef, "kernel_id": i.KernelID, "ramdisk_id": i.RamdiskID, "launch_index": i.LaunchIndex,
		"key_name": i.KeyName, "key_data": i.KeyData, "power_state": i.PowerState, "vm_state": i.VMState, "task_state": i.TaskState,
		"hostname": i.Hostname, "host": i.Host, "node": i.Node, "compute_id": i.ComputeID, "user_data": i.UserData,
		"reservation_id": i.ReservationID, "launched_at": i.LaunchedAt, "terminated_at": i.TerminatedAt,
		"display_name": i.DisplayName, "display_description": i.DisplayDescription, "availability_zone": i.AvailabilityZone,
		"launched_on": i.LaunchedOn, "locked": i.Locked, "locked_by": i.LockedBy, "os_type": i.OSType, "architecture": i.Architecture,
		"vm_mode": i.VMMode, "root_device_name": i.RootDeviceName, "default_ephemeral_device": i.DefaultEphemeralDevice,
		"default_swap_device": i.DefaultSwapDevice, "config_drive": i.ConfigDrive, "access_ip_v4": i.AccessIPv4, "access_ip_v6": i.AccessIPv6,
		"auto_disk_config": i.AutoDiskConfig, "progress": i.Progress, "shutdown_terminate": i.ShutdownTerminate,
		"disable_terminate": i.DisableTerminate, "cell_name": i.CellName, "memory_mb": i.MemoryMB, "vcpus": i.VCPUs, "root_gb": i.RootGB,
		"ephemeral_gb": i.EphemeralGB, "ephemeral_key_uuid": i.EphemeralKeyUUID, "instance_type_id": i.InstanceTypeID,
		"cleaned": i.Cleaned, "hidden": i.Hidden,
	}
	if i.Metadata != nil {
		data["metadata"] = i.Metadata
	}
	if i.SystemMetadata != nil {
		data["system_metadata"] = i.SystemMetadata
	}
	if err := addParts(data, i); err != nil {
		return nil, err
	}
	v := Loaded("Instance", data)
	for _, field := range []string{"flavor", "new_flavor", "old_flavor"} {
		if f := v.Object(field); f != nil && len(f.Changes) > 0 {
			v.Changes = append(v.Changes, field)
		}
	}
	return v, nil
}

// storedParts maps the parts that only hosts interpret to their columns of instance_extra.
var storedParts = map[objects.Parts]string{
	objects.PartNUMATopology: "numa_topology", objects.PartDeviceMetadata: "device_metadata",
	objects.PartMigrationContext: "migration_context",
	objects.PartResources:        "resources", objects.PartVCPUModel: "vcpu_model",
}

func addParts(data map[string]any, i *objects.Instance) error {
	for part, field := range storedParts {
		if i.Loaded&part == 0 {
			continue
		}
		v, err := Parse(i.Stored[field])
		if err != nil {
			return err
		}
		data[field] = orNull(v.Clean())
	}
	for part, add := range map[objects.Parts]func(){
		objects.PartInfoCache: func() { data["info_cache"] = orNull(infoCache(i)) },
		// Security groups of nova-network, which no longer exists: always empty.
		objects.PartSecurityGroups: func() { data["security_groups"] = List[*Object]("SecurityGroupList", nil) },
		objects.PartFlavor: func() {
			if i.Flavor != nil {
				data["flavor"] = ReadFlavor(i.Flavor)
				data["old_flavor"], data["new_flavor"] = orNull(ReadFlavor(i.OldFlavor)), orNull(ReadFlavor(i.NewFlavor))
			}
		},
		objects.PartPCIRequests:  func() { data["pci_requests"] = PCIRequests(i.PCIRequests).Clean() },
		objects.PartPCIDevices:   func() { data["pci_devices"] = List("PciDeviceList", each(i.PCIDevices, PCIDevice)) },
		objects.PartKeypairs:     func() { data["keypairs"] = Keypairs(i.Keypairs).Clean() },
		objects.PartTrustedCerts: func() { data["trusted_certs"] = orNull(TrustedCerts(i.TrustedCerts).Clean()) },
		objects.PartTags: func() {
			data["tags"] = List("TagList", each(i.Tags, func(tag string) *Object {
				return Loaded("Tag", map[string]any{"resource_id": i.UUID,
					"tag": tag})
			}))
		},
		objects.PartServices: func() {
			var list []*Object
			if i.Service != nil {
				list = append(list, Service(i.Service))
			}
			data["services"] = List("ServiceList", list)
		},
		objects.PartFault: func() { data["fault"] = orNull(fault(i)) },
	} {
		if i.Loaded&part != 0 {
			add()
		}
	}
	return nil
}

// orNull returns nil for a nil object, because a nil *Object in an interface is not nil.
func orNull(v *Object) any {
	if v == nil {
		return nil
	}
	return v
}

func infoCache(i *objects.Instance) *Object {
	c := i.InfoCache
	if c == nil {
		return nil
	}
	return Loaded("InstanceInfoCache", map[string]any{"instance_uuid": i.UUID, "network_info": c.NetworkInfo,
		"created_at": c.CreatedAt, "updated_at": c.UpdatedAt, "deleted_at": c.DeletedAt,
		"deleted": c.DeletedAt != nil})
}

func fault(i *objects.Instance) *Object {
	f := i.Fault
	if f == nil {
		return nil
	}
	return Loaded("InstanceFault", map[string]any{"id": f.ID, "instance_uuid": i.UUID, "code": f.Code, "message": f.Message,
		"details": f.Details,
		"host":    f.Host, "created_at": f.CreatedAt, "updated_at": f.UpdatedAt, "deleted_at": nil, "deleted": false})
}

// NewInstance returns a server that is built, in the form of its build request.
func NewInstance(i *objects.Instance) *Object {
	certs := TrustedCerts(i.TrustedCerts)
	numa := NUMATopology(i.NUMATopology)
	data := map[string]any{"uuid": i.UUID, "user_id": i.UserID, "project_id": i.ProjectID, "image_ref": i.ImageRef, "kernel_id": i.KernelID,
		"ramdisk_id": i.RamdiskID, "hostname": i.Hostname, "launch_index": i.LaunchIndex, "key_name": i.KeyName, "key_data": i.KeyData,
		"power_state": i.PowerState,
		"vm_state":    i.VMState, "task_state": i.TaskState, "memory_mb": i.MemoryMB, "vcpus": i.VCPUs, "root_gb": i.RootGB,
		"ephemeral_gb":       i.EphemeralGB,
		"ephemeral_key_uuid": i.EphemeralKeyUUID, "instance_type_id": i.InstanceTypeID, "user_data": i.UserData,
		"reservation_id":    i.ReservationID,
		"availability_zone": i.AvailabilityZone, "display_name": i.DisplayName, "display_description": i.DisplayDescription, "locked": false,
		"os_type": i.OSType, "architecture": i.Architecture, "vm_mode": i.VMMode, "root_device_name": i.RootDeviceName,
		"config_drive": i.ConfigDrive,
		"access_ip_v4": i.AccessIPv4, "access_ip_v6": i.AccessIPv6, "auto_disk_config": i.AutoDiskConfig, "progress": i.Progress,
		"shutdown_terminate": false,
		"metadata":           i.Metadata, "system_metadata": i.SystemMetadata,
		"info_cache":      Made("InstanceInfoCache", map[string]any{"instance_uuid": i.UUID, "network_info": "[]"}),
		"security_groups": List[*Object]("SecurityGroupList", nil), "numa_topology": orNull(numa), "pci_requests": PCIRequests(i.PCIRequests),
		"flavor": Flavor(i.Flavor), "old_flavor": nil, "new_flavor": nil, "keypairs": Keypairs(i.Keypairs),
		"trusted_certs": orNull(certs)}
	return Made("Instance", data)
}

// BuildRequest returns the build request of a server in the form that the conductor receives. Its instance has all fields
// that a server has before it is in a cell.
func BuildRequest(b *objects.Build) *Object {
	instance := NewInstance(b.Instance).Clean()
	tags := Tags(b.Tags, b.UUID).Clean()
	maps.Copy(instance.Data, map[string]any{"deleted": false, "hidden": false, "disable_terminate": false, "terminated_at": nil,
		"host": nil, "node": nil,
		"compute_id": nil, "launched_at": nil, "launched_on": nil, "cell_name": nil, "locked_by": nil, "created_at": b.CreatedAt,
		"updated_at": nil, "tags": tags})
	return Loaded("BuildRequest", map[string]any{"id": b.ID, "instance_uuid": b.UUID, "project_id": b.ProjectID, "instance": instance,
		"block_device_mappings": NewBlockDevices(b.Devices, b.UUID).Clean(), "tags": tags, "created_at": b.CreatedAt, "updated_at": nil})
}
