package quota

import (
	"slices"

	"github.com/nova-go/nova/config"
)

// Resource is a resource with a quota.
type Resource uint8

// The resources in the order of their names. The last four belong to nova-network and exist
// only for old microversions; they are not counted.
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
	resourceCount // the number of resources
)

var resourceNames = [resourceCount]string{"cores", "fixed_ips", "floating_ips", "injected_file_content_bytes",
	"injected_file_path_bytes", "injected_files",
	"instances", "key_pairs", "metadata_items", "ram", "security_group_rules", "security_groups", "server_group_members", "server_groups"}

// String returns the name of the resource in Nova's tables and API.
func (r Resource) String() string { return resourceNames[r] }

// Resources lists all resources by name.
func Resources() []Resource {
	all := make([]Resource, resourceCount)
	for i := range all {
		all[i] = Resource(i)
	}
	return all
}

// Unlimited is the value for no limit; all negative values mean the same.
const Unlimited = -1

// Values contains a number for every resource.
type Values [resourceCount]int64

// with returns v with its values replaced by those of rows.
func (v Values) with(rows map[string]int64) Values {
	if len(rows) == 0 {
		return v
	}
	for i, name := range resourceNames {
		if n, ok := rows[name]; ok {
			v[i] = n
		}
	}
	return v
}

func unlimitedValues() Values {
	var v Values
	for i := range v {
		v[i] = Unlimited
	}
	return v
}

func configuredLimits(c config.Quota) Values {
	v := unlimitedValues()
	for r, n := range map[Resource]int{
		Cores: c.Cores, InjectedFileContentBytes: c.InjectedFileContentBytes, InjectedFilePathBytes: c.InjectedFilePathLength,
		InjectedFiles: c.InjectedFiles, Instances: c.Instances, KeyPairs: c.KeyPairs, MetadataItems: c.MetadataItems, RAM: c.RAM,
		ServerGroupMembers: c.ServerGroupMembers, ServerGroups: c.ServerGroups,
	} {
		v[r] = int64(n)
	}
	return v
}

// ResourceNamed returns the resource with a name.
func ResourceNamed(name string) (Resource, bool) {
	n := slices.Index(resourceNames[:], name)
	return Resource(max(n, 0)), n >= 0
}
