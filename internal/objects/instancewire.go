package objects

import "maps"

// InstanceVersion is the version of the Instance objects that are sent.
const InstanceVersion = "2.8"

// Versioned is the instance as it crosses the RPC: all its columns, and what was
// loaded of the rest (Metadata and SystemMetadata where they are not nil, and
// Parts). The instance must have been loaded as a record.
func (i *Instance) Versioned() *Versioned {
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
	maps.Copy(data, i.Parts)
	return NewVersioned("Instance", InstanceVersion, data)
}

// Part is a field of the versioned object that was loaded, or nil.
func (i *Instance) Part(field string) *Versioned {
	v, _ := i.Parts[field].(*Versioned)
	return v
}
