package objects

// Diagnostics is what a hypervisor knows of a running server, in the terms that all
// drivers share. What the driver does not know is null.
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

// CPUDiagnostics is what is known of a CPU: Time is in nanoseconds, Utilisation in
// percent.
type CPUDiagnostics struct {
	ID          *int64 `json:"id"`
	Time        *int64 `json:"time"`
	Utilisation *int64 `json:"utilisation"`
}

// DiskDiagnostics is what is known of a disk.
type DiskDiagnostics struct {
	ReadBytes     *int64 `json:"read_bytes"`
	ReadRequests  *int64 `json:"read_requests"`
	WriteBytes    *int64 `json:"write_bytes"`
	WriteRequests *int64 `json:"write_requests"`
	Errors        *int64 `json:"errors_count"`
}

// NICDiagnostics is what is known of an interface: octets, packets and rates in bits
// per second.
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

// MemoryDiagnostics is a server's memory in MiB.
type MemoryDiagnostics struct {
	Maximum *int64 `json:"maximum"`
	Used    *int64 `json:"used"`
}
