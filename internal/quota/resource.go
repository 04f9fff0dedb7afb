package quota

import (
	"slices"

	"github.com/nova-go/nova/config"
)

// Resource is something that has a quota.
type Resource uint8

// The resources, in the order of their names. The last four of Nova's own network
// are kept for the sake of old microversions: nothing counts them.
const (
	Cores Resource = iota
	FixedIPs
	FloatingIPs
	InjectedFileContentBytes
	InjectedFilePathBytes
	InjectedFiles
	Instances
	KeyPairs
	MetadataItems
	RAM // in MiB
	SecurityGroupRules
	SecurityGroups
	ServerGroupMembers
	ServerGroups
	resources // how many there are
)

var names = [resources]string{"cores", "fixed_ips", "floating_ips", "injected_file_content_bytes",
	"injected_file_path_bytes", "injected_files",
	"instances", "key_pairs", "metadata_items", "ram", "security_group_rules", "security_groups", "server_group_members", "server_groups"}

// String is the name that Nova's tables and API give the resource.
func (r Resource) String() string { return names[r] }

// Resources lists all of them, by name.
func Resources() []Resource {
	all := make([]Resource, resources)
	for i := range all {
		all[i] = Resource(i)
	}
	return all
}

// Unlimited is the limit of what has none; so is every number below it.
const Unlimited = -1

// Values holds a number for every resource.
type Values [resources]int64

// with is v with the values of rows in their place.
func (v Values) with(rows map[string]int64) Values {
	if len(rows) == 0 {
		return v
	}
	for i, name := range names {
		if n, ok := rows[name]; ok {
			v[i] = n
		}
	}
	return v
}

func unlimited() Values {
	var v Values
	for i := range v {
		v[i] = Unlimited
	}
	return v
}

func configured(c config.Quota) Values {
	v := unlimited()
	for r, n := range map[Resource]int{
		Cores: c.Cores, InjectedFileContentBytes: c.InjectedFileContentBytes, InjectedFilePathBytes: c.InjectedFilePathLength,
		InjectedFiles: c.InjectedFiles, Instances: c.Instances, KeyPairs: c.KeyPairs, MetadataItems: c.MetadataItems, RAM: c.RAM,
		ServerGroupMembers: c.ServerGroupMembers, ServerGroups: c.ServerGroups,
	} {
		v[r] = int64(n)
	}
	return v
}

// ResourceNamed finds a resource by its name.
func ResourceNamed(name string) (Resource, bool) {
	n := slices.Index(names[:], name)
	return Resource(max(n, 0)), n >= 0
}
