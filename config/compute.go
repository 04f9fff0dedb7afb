package config

// Compute is the [compute] group, with the options that the API reads.
type Compute struct {
	// CPUDedicatedSet are host CPUs for pinned guests.
	CPUDedicatedSet string `opt:"cpu_dedicated_set"`
	// CPUSharedSet are host CPUs for the others.
	CPUSharedSet string `opt:"cpu_shared_set"`
	// ImageTypeExcludeList are disk formats not to advertise.
	ImageTypeExcludeList []string `opt:"image_type_exclude_list" default:""`
	// MaxDiskDevicesToAttach of a server; -1: no limit.
	MaxDiskDevicesToAttach int `opt:"max_disk_devices_to_attach" default:"-1" min:"-1"`
	// PackingHostNUMACellsAllocationStrategy fills NUMA cells one after the
	// other.
	PackingHostNUMACellsAllocationStrategy bool `opt:"packing_host_numa_cells_allocation_strategy" default:"false"`
	// ResourceProviderAssociationRefresh in seconds; 0: never.
	ResourceProviderAssociationRefresh int `opt:"resource_provider_association_refresh" default:"300" min:"0"`
	// SharingProvidersMaxUUIDsPerRequest bounds the providers of one request to Placement.
	SharingProvidersMaxUUIDsPerRequest int `opt:"sharing_providers_max_uuids_per_request" default:"200" min:"1"`
	// UpdateResourcesMaxWorkers of one compute.
	UpdateResourcesMaxWorkers int `opt:"update_resources_max_workers" default:"1" min:"1"`
}
