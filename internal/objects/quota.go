package objects

// QuotaLimits are the limits that the API database holds for a project and a user
// of it, by Nova's name of the resource. A resource without a limit of its own is
// not there; -1 is no limit.
type QuotaLimits struct {
	Default map[string]int64 // of the class "default", which wins over the configuration
	Project map[string]int64
	User    map[string]int64 // of the user in the project
}

// InstanceUsage is what a number of instances take up. RAM is in MiB.
type InstanceUsage struct{ Instances, Cores, RAM int64 }

// Add counts further instances.
func (u *InstanceUsage) Add(o InstanceUsage) {
	u.Instances += o.Instances
	u.Cores += o.Cores
	u.RAM += o.RAM
}

// Used is something counted twice: for a project, and for one user of it.
type Used[T any] struct{ Project, User T }
