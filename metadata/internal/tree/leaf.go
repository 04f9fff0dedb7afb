package tree

import "strings"

// Names of paths that are not leaves.
const (
	versionsList = "versions"
	openStackDir = "openstack.list"
	openStackAny = "openstack.content"
	ec2Dir       = "ec2.list"
	ec2UserData  = "ec2.user-data"
)

// Leaves returns the names of all paths that can be read, independent of the version:
// "openstack.meta_data.json", "ec2.instance-id", and those of the listings.
func Leaves() []string {
	names := []string{versionsList, openStackDir, openStackAny, ec2Dir, ec2UserData}
	for _, l := range leaves {
		names = append(names, openStackNames[l.name])
	}
	for _, l := range ec2Leaves {
		names = append(names, ec2Names[l.name])
	}
	return names
}

var openStackNames, ec2Names = prefixed("openstack.", leaves, func(l leaf) string { return l.name }),
	prefixed("ec2.", ec2Leaves, func(l ec2Leaf) string { return l.name })

func prefixed[T any](prefix string, all []T, name func(T) string) map[string]string {
	names := make(map[string]string, len(all))
	for _, l := range all {
		names[name(l)] = prefix + name(l)
	}
	return names
}

// Leaf returns the name and the version of a path without its first slash; "" for an unknown
// path. Whether an instance has this leaf is not checked.
func Leaf(path string) (name, asked string) {
	if path == "" {
		return versionsList, ""
	}
	first, rest, _ := strings.Cut(path, "/")
	if first == "openstack" {
		if rest == "" {
			return openStackDir, ""
		}
		first, rest, _ = strings.Cut(rest, "/")
		if first == "content" {
			return openStackAny, ""
		}
		if _, ok := versionIndex(openStackVersions, first); !ok {
			return "", ""
		}
		if rest == "" || rest == "version" {
			return openStackDir, first
		}
		return openStackNames[rest], first
	}
	if first == "ec2" {
		if rest == "" {
			return versionsList, ""
		}
		first, rest, _ = strings.Cut(rest, "/")
	}
	if _, ok := versionIndex(ec2Versions, first); !ok {
		return "", ""
	}
	kind, rest, _ := strings.Cut(rest, "/")
	switch kind {
	case "user-data":
		return ec2UserData, first
	case "meta-data":
	case "":
		return ec2Dir, first
	default:
		return "", ""
	}
	leaf, _, _ := strings.Cut(rest, "/")
	if leaf == "" {
		return ec2Dir, first
	}
	return ec2Names[leaf], first
}
