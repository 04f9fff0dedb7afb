package config

// UpgradeLevels is the [upgrade_levels] group: RPC versions, release names or auto; empty means
// the newest version.
type UpgradeLevels struct {
	// Compute pins calls of nova-compute.
	Compute string `opt:"compute"`
	// Conductor pins calls of nova-conductor.
	Conductor string `opt:"conductor"`
	// Scheduler pins calls of nova-scheduler.
	Scheduler string `opt:"scheduler"`
	// BaseAPI pins the calls of the base API, which all services have.
	BaseAPI string `opt:"baseapi"`
}
