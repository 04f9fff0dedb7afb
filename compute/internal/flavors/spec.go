package flavors

import (
	"regexp"
	"strings"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/release"
)

// validateSpec checks an extra spec against those that a release of Nova defines. A name in one of Nova's
// namespaces must be defined; names in other namespaces are accepted with any value.
func validateSpec(r release.Release, key, value string) error {
	if rule, known := ruleOf(r, key); known {
		return rule.check(value)
	}
	if namespace, _, qualified := strings.Cut(key, ":"); qualified && inNovaNamespace(namespace) {
		return badSpec("extra spec '%s' does not appear to be a valid extra spec.", key)
	}
	return nil
}

func badSpec(format string, a ...any) error {
	return objects.ErrValidationError.Errorf(objects.KindInvalid, "Validation failed; "+format, a...)
}

// namespaces are Nova's namespaces, except those of traits and resources, which may have the
// suffix of a group.
var namespaces = setOf("accel", "aggregate_instance_extra_specs", "capabilities", "hw", "hw_rng", "hw_video", "os", "pci_passthrough",
	"quota", "vmware")

func inNovaNamespace(namespace string) bool {
	return namespaces[namespace] || matchesNamespace(namespace, "resources") || matchesNamespace(namespace, "trait")
}

// matchesNamespace reports whether a namespace is name, with or without the suffix of a group of the
// granular resource request syntax: "resources_PORT1".
func matchesNamespace(namespace, name string) bool {
	group, ok := strings.CutPrefix(namespace, name)
	return ok && groupName.MatchString(group)
}

var (
	groupName  = regexp.MustCompile(`^[a-zA-Z0-9_-]{0,64}$`)
	customName = regexp.MustCompile(`^CUSTOM_[A-Z0-9_]+$`)
	nestedPath = regexp.MustCompile(`^(:\w+)*$`)
	// numaNode contains an unescaped dot, as Nova's expression does, which matches any character.
	numaNode = regexp.MustCompile(`^hw:numa_(cpus|mem).(\d+)$`)
)

// ruleOf returns the rule for the value of an extra spec in a release.
func ruleOf(r release.Release, key string) (valueRule, bool) {
	if rule, ok := namedSpec(r, key); ok {
		return rule, true
	}
	namespace, name, _ := strings.Cut(key, ":")
	switch {
	case namespace == "aggregate_instance_extra_specs" && name != "":
		return anyRule{}, true
	case namespace == "capabilities":
		return anyRule{}, capability(name)
	case namespace == "hw":
		if m := numaNode.FindStringSubmatch(key); m != nil && m[1] == "cpus" {
			return cpuSet, true
		} else if m != nil {
			return integerRule{min: pointerTo(1)}, true
		}
	case matchesNamespace(namespace, "resources"):
		return integerRule{}, resourceClasses[name] || customName.MatchString(name)
	case matchesNamespace(namespace, "trait"):
		return oneOfRule{"required", "forbidden"}, traits[name] || customName.MatchString(name)
	}
	return nil, false
}

func capability(name string) bool {
	if plainCapabilities[name] {
		return true
	}
	first, _, _ := strings.Cut(name, ":")
	return nestedCapabilities[first] && nestedPath.MatchString(name[len(first):])
}

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}
