package config

// Default is the DEFAULT group: options without a group of their own, including those of
// oslo.log and oslo.messaging.
type Default struct {
	Log
	Transport

	// Host is the name of this host in services, messages and port bindings.
	Host string `opt:"host" computed:"hostname" type:"hostdomain"`
	// MyIP is the address of this host on the management network.
	MyIP string `opt:"my_ip" computed:"my_ip"`
	// MyBlockStorageIP is the address on the network of volumes.
	MyBlockStorageIP string `opt:"my_block_storage_ip" default:"$my_ip"`
	// MySharedFSStorageIP is the address on the network of shared file systems.
	MySharedFSStorageIP string `opt:"my_shared_fs_storage_ip" default:"$my_ip"`
	// ConsoleHost is the host name that nova-compute puts into console data.
	ConsoleHost string `opt:"console_host" computed:"hostname"`
	// PyBaseDir is where Python's Nova is installed; only other options refer to
	// it.
	PyBaseDir string `opt:"pybasedir" default:"/usr/lib/python3/dist-packages"`
	// StatePath is the directory of Nova's state.
	StatePath string `opt:"state_path" default:"$pybasedir"`
	// Tempdir is the directory for temporary files; empty: the system's.
	Tempdir string `opt:"tempdir"`
	// RootwrapConfig is the rootwrap configuration for commands run as root.
	RootwrapConfig string `opt:"rootwrap_config" default:"/etc/nova/rootwrap.conf"`
	// ComputeDriver is the driver of nova-compute; some checks of the API look
	// at it.
	ComputeDriver string `opt:"compute_driver"`
	// AllowResizeToSameHost allows a resize or migration to the current host of a server.
	AllowResizeToSameHost bool `opt:"allow_resize_to_same_host" default:"false"`
	// PasswordLength of generated administrator passwords.
	PasswordLength int `opt:"password_length" default:"12" min:"0"`
	// UniqueServerNameScope is the scope in which server names must be unique: "" (none),
	// project or global.
	UniqueServerNameScope string `opt:"osapi_compute_unique_server_name_scope" default:"" choices:",project,global"`
	// DefaultAvailabilityZone is shown for hosts without a zone.
	DefaultAvailabilityZone string `opt:"default_availability_zone" default:"nova"`
	// DefaultScheduleZone is the zone of servers that ask for none.
	DefaultScheduleZone string `opt:"default_schedule_zone"`
	// InternalServiceAvailabilityZone is shown for services other than computes.
	InternalServiceAvailabilityZone string `opt:"internal_service_availability_zone" default:"internal"`
	// InstanceNameTemplate makes the hypervisor's name of a server from its
	// number.
	InstanceNameTemplate string `opt:"instance_name_template" default:"instance-%08x"`
	// InstanceUsageAuditPeriod is hour, day, month or year, with an offset after
	// "@".
	InstanceUsageAuditPeriod string `opt:"instance_usage_audit_period" default:"month" regex:"^(hour|month|day|year)(@([0-9]+))?$"`
	// MaxLocalBlockDevices of a server; negative: no limit; 0: boot from volume
	// only.
	MaxLocalBlockDevices int `opt:"max_local_block_devices" default:"3"`
	// NonInheritableImageProperties are not copied to snapshots.
	NonInheritableImageProperties []string `opt:"non_inheritable_image_properties" default:"cache_in_nova,bittorrent"`
	// DefaultEphemeralFormat is the file system of ephemeral disks.
	DefaultEphemeralFormat string `opt:"default_ephemeral_format"`
	// FlatInjected puts network set-up into the guest at boot.
	FlatInjected bool `opt:"flat_injected" default:"false"`
	// InjectedNetworkTemplate is the template of the network data in metadata.
	InjectedNetworkTemplate string `opt:"injected_network_template" default:"$pybasedir/nova/virt/interfaces.template"`
	// ForceConfigDrive gives every server a config drive.
	ForceConfigDrive bool `opt:"force_config_drive" default:"false"`
	// ReclaimInstanceInterval in seconds before a soft-deleted server is removed; 0: no soft
	// delete.
	ReclaimInstanceInterval int `opt:"reclaim_instance_interval" default:"0"`
	// ShelvedOffloadTime in seconds from shelving to offloading; -1 never, 0 at
	// once.
	ShelvedOffloadTime int `opt:"shelved_offload_time" default:"0"`
	// EnableNewServices registers new compute services as enabled.
	EnableNewServices bool `opt:"enable_new_services" default:"true"`
	// ReportInterval in seconds between the reports of a service.
	ReportInterval int `opt:"report_interval" default:"10"`
	// ServiceDownTime in seconds without a report after which a service is down.
	ServiceDownTime int `opt:"service_down_time" default:"60"`
	// ServicegroupDriver is the source of the service state: db or mc.
	ServicegroupDriver string `opt:"servicegroup_driver" default:"db" choices:"db,mc"`
	// PeriodicEnable runs periodic tasks.
	PeriodicEnable bool `opt:"periodic_enable" default:"true"`
	// PeriodicFuzzyDelay in seconds, at most, before the first periodic task.
	PeriodicFuzzyDelay int `opt:"periodic_fuzzy_delay" default:"60" min:"0"`
	// GracefulShutdownTimeout in seconds to finish requests at the end; 0: wait
	// for ever.
	GracefulShutdownTimeout int `opt:"graceful_shutdown_timeout" default:"180"`
	// ManagerShutdownTimeout in seconds for a manager's own end.
	ManagerShutdownTimeout int `opt:"manager_shutdown_timeout" default:"160" min:"0"`
	// LongRPCTimeout in seconds of calls that may take long; they have
	// heartbeats.
	LongRPCTimeout int `opt:"long_rpc_timeout" default:"1800"`
	// CellWorkerThreadPoolSize is the number of cells that Python queries concurrently.
	CellWorkerThreadPoolSize int `opt:"cell_worker_thread_pool_size" default:"5" min:"1"`
	// DefaultThreadPoolSize of Python's executors.
	DefaultThreadPoolSize int `opt:"default_thread_pool_size" default:"10" min:"1"`
	// DefaultGreenPoolSize of Python's eventlet pool.
	DefaultGreenPoolSize int `opt:"default_green_pool_size" default:"1000" min:"100" removal:"true"`
	// ThreadPoolStatisticPeriod in seconds between statistics of pools; -1
	// never.
	ThreadPoolStatisticPeriod int `opt:"thread_pool_statistic_period" default:"-1" min:"-1"`
	// LogOptions writes all options to the debug log at the start.
	LogOptions bool `opt:"log_options" default:"true"`
	// CPUAllocationRatio of computes; nil: the ratio of the inventory.
	CPUAllocationRatio *float64 `opt:"cpu_allocation_ratio" min:"0"`
	// RAMAllocationRatio of computes.
	RAMAllocationRatio *float64 `opt:"ram_allocation_ratio" min:"0"`
	// DiskAllocationRatio of computes.
	DiskAllocationRatio *float64 `opt:"disk_allocation_ratio" min:"0"`
	// InitialCPUAllocationRatio of new computes.
	InitialCPUAllocationRatio float64 `opt:"initial_cpu_allocation_ratio" default:"4.0" min:"0"`
	// InitialRAMAllocationRatio of new computes.
	InitialRAMAllocationRatio float64 `opt:"initial_ram_allocation_ratio" default:"1.0" min:"0"`
	// InitialDiskAllocationRatio of new computes.
	InitialDiskAllocationRatio float64 `opt:"initial_disk_allocation_ratio" default:"1.0" min:"0"`
	// ReservedHostDiskMB is kept free on a host.
	ReservedHostDiskMB int `opt:"reserved_host_disk_mb" default:"0" min:"0"`
	// ReservedHugePages are node, size and count of pages kept back.
	ReservedHugePages []map[string]string `opt:"reserved_huge_pages" multi:"true"`
	// VCPUPinSet is the old way to name the host CPUs for guests.
	VCPUPinSet string `opt:"vcpu_pin_set" removal:"true"`
	// MaxConcurrentBuilds of one compute.
	MaxConcurrentBuilds int `opt:"max_concurrent_builds" default:"10" min:"0"`
	// MaxConcurrentSnapshots of one compute.
	MaxConcurrentSnapshots int `opt:"max_concurrent_snapshots" default:"5" min:"0"`
	// MaxConcurrentLiveMigrations of one compute.
	MaxConcurrentLiveMigrations int `opt:"max_concurrent_live_migrations" default:"1" min:"0"`
	// SyncPowerStatePoolSize of one compute.
	SyncPowerStatePoolSize int `opt:"sync_power_state_pool_size" default:"5"`
}
