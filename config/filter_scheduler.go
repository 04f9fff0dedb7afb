package config

// FilterScheduler is the [filter_scheduler] group, with the options that the API reads.
type FilterScheduler struct {
	// EnabledFilters of hosts.
	EnabledFilters []string `opt:"enabled_filters" default:"ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter"`
	// WeightClasses of hosts.
	WeightClasses []string `opt:"weight_classes" default:"nova.scheduler.weights.all_weighers"`
	// PCIInPlacement asks Placement for PCI devices.
	PCIInPlacement bool `opt:"pci_in_placement" default:"false"`
}
