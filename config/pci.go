package config

// PCI is the [pci] group.
type PCI struct {
	// Alias are JSON objects, each an alias of PCI devices.
	Alias []string `opt:"alias" default:"" multi:"true" deprecated:"DEFAULT/pci_alias"`
	// DeviceSpec are JSON objects, each the devices of a compute.
	DeviceSpec []string `opt:"device_spec" default:"" multi:"true" deprecated:"DEFAULT/pci_passthrough_whitelist,/passthrough_whitelist"`
	// ReportInPlacement reports devices to Placement.
	ReportInPlacement bool `opt:"report_in_placement" default:"false"`
}
