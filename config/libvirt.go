package config

// Libvirt is the [libvirt] group, with the options that the API reads.
type Libvirt struct {
	// HWMachineType are arch=type pairs of default machine types.
	HWMachineType []string `opt:"hw_machine_type"`
}
