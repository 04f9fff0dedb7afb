package config

// UpgradeLevels is the [upgrade_levels] group: RPC versions, release names or
// auto; empty: the newest.
type UpgradeLevels struct {
	// Compute pins calls of nova-compute.
	Compute string `opt:"compute"`
	// Conductor pins calls of nova-conductor.
	Conductor string `opt:"conductor"`
	// Scheduler pins calls of nova-scheduler.
	Scheduler string `opt:"scheduler"`
	// BaseAPI pins the calls that all services answer.
	BaseAPI string `opt:"baseapi"`
}
