package objects

// QuotaLimits contains the quota limits of the API database for a project and a user, by Nova's name of the resource.
// Resources without a limit are absent; -1 means unlimited.
type QuotaLimits struct {
	Default map[string]int64 // of the class "default"; takes precedence over the configuration
	Project map[string]int64
	User    map[string]int64 // of the user in this project
}

// InstanceUsage is the usage of a number of instances. RAM is in MiB.
type InstanceUsage struct{ Instances, Cores, RAM int64 }

// Add adds the usage of other instances to u.
func (u *InstanceUsage) Add(o InstanceUsage) {
	u.Instances += o.Instances
	u.Cores += o.Cores
	u.RAM += o.RAM
}

// Used contains a usage of a project and the part of it that belongs to one user.
type Used[T any] struct{ Project, User T }
