package config

// Quota is the [quota] group; the value -1 means unlimited.
type Quota struct {
	// Instances of a project.
	Instances int `opt:"instances" default:"10" min:"-1" deprecated:"DEFAULT/quota_instances"`
	// Cores of a project.
	Cores int `opt:"cores" default:"20" min:"-1" deprecated:"DEFAULT/quota_cores"`
	// RAM of a project in MiB.
	RAM int `opt:"ram" default:"51200" min:"-1" deprecated:"DEFAULT/quota_ram"`
	// MetadataItems of a server.
	MetadataItems int `opt:"metadata_items" default:"128" min:"-1" deprecated:"DEFAULT/quota_metadata_items"`
	// InjectedFiles of a server.
	InjectedFiles int `opt:"injected_files" default:"5" min:"-1" deprecated:"DEFAULT/quota_injected_files"`
	// InjectedFileContentBytes of one file.
	InjectedFileContentBytes int `opt:"injected_file_content_bytes" default:"10240" min:"-1" deprecated:"DEFAULT/quota_injected_file_content_bytes"`
	// InjectedFilePathLength of one file.
	InjectedFilePathLength int `opt:"injected_file_path_length" default:"255" min:"-1" deprecated:"DEFAULT/quota_injected_file_path_length"`
	// KeyPairs of a user.
	KeyPairs int `opt:"key_pairs" default:"100" min:"-1" deprecated:"DEFAULT/quota_key_pairs"`
	// ServerGroups of a project.
	ServerGroups int `opt:"server_groups" default:"10" min:"-1" deprecated:"DEFAULT/quota_server_groups"`
	// ServerGroupMembers of a group.
	ServerGroupMembers int `opt:"server_group_members" default:"10" min:"-1" deprecated:"DEFAULT/quota_server_group_members"`
	// Driver is the Python class of the quota driver.
	Driver string `opt:"driver" default:"nova.quota.DbQuotaDriver" choices:"nova.quota.DbQuotaDriver,nova.quota.NoopQuotaDriver,nova.quota.UnifiedLimitsDriver"`
	// RecheckQuota counts again after creation, to detect races.
	RecheckQuota bool `opt:"recheck_quota" default:"true"`
	// CountUsageFromPlacement reads the usage of cores and RAM from Placement.
	CountUsageFromPlacement bool `opt:"count_usage_from_placement" default:"false"`
	// UnifiedLimitsResourceStrategy is require or ignore.
	UnifiedLimitsResourceStrategy string `opt:"unified_limits_resource_strategy" default:"require" choices:"require,ignore"`
	// UnifiedLimitsResourceList are the resources that the strategy applies to.
	UnifiedLimitsResourceList []string `opt:"unified_limits_resource_list" default:"servers" type:"resource"`
}
