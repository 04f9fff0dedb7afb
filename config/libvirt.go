package config

// Libvirt is the [libvirt] group, as far as the API looks at it.
type Libvirt struct {
	// HWMachineType are arch=type pairs of default machine types.
	HWMachineType []string `opt:"hw_machine_type"`
}
