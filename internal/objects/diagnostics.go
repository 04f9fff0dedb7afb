package objects

// Diagnostics contains the diagnostics of a running server in the format that all virt drivers share. Values that the
// driver does not know are null.
type Diagnostics struct {
	State        *string           `json:"state"`
	Driver       *string           `json:"driver"`
	Hypervisor   *string           `json:"hypervisor"`
	HypervisorOS *string           `json:"hypervisor_os"`
	Uptime       *int64            `json:"uptime"` // seconds
	ConfigDrive  *bool             `json:"config_drive"`
	NumCPUs      *int64            `json:"num_cpus"`
	NumNICs      *int64            `json:"num_nics"`
	NumDisks     *int64            `json:"num_disks"`
	CPUs         []CPUDiagnostics  `json:"cpu_details"`
	Disks        []DiskDiagnostics `json:"disk_details"`
	NICs         []NICDiagnostics  `json:"nic_details"`
	Memory       MemoryDiagnostics `json:"memory_details"`
}

// CPUDiagnostics contains the diagnostics of a CPU: Time is in nanoseconds, Utilisation in percent.
type CPUDiagnostics struct {
	ID          *int64 `json:"id"`
	Time        *int64 `json:"time"`
	Utilisation *int64 `json:"utilisation"`
}

// DiskDiagnostics contains the diagnostics of a disk.
type DiskDiagnostics struct {
	ReadBytes     *int64 `json:"read_bytes"`
	ReadRequests  *int64 `json:"read_requests"`
	WriteBytes    *int64 `json:"write_bytes"`
	WriteRequests *int64 `json:"write_requests"`
	Errors        *int64 `json:"errors_count"`
}

// NICDiagnostics contains the diagnostics of an interface: octets, packets, and rates in bits per second.
type NICDiagnostics struct {
	MACAddress *string `json:"mac_address"`
	RxOctets   *int64  `json:"rx_octets"`
	RxErrors   *int64  `json:"rx_errors"`
	RxDrop     *int64  `json:"rx_drop"`
	RxPackets  *int64  `json:"rx_packets"`
	RxRate     *int64  `json:"rx_rate"`
	TxOctets   *int64  `json:"tx_octets"`
	TxErrors   *int64  `json:"tx_errors"`
	TxDrop     *int64  `json:"tx_drop"`
	TxPackets  *int64  `json:"tx_packets"`
	TxRate     *int64  `json:"tx_rate"`
}

// MemoryDiagnostics contains the memory of a server in MiB.
type MemoryDiagnostics struct {
	Maximum *int64 `json:"maximum"`
	Used    *int64 `json:"used"`
}
